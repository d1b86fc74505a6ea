package jinja

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func withoutContext(f *frame, next func() (value.Value, bool, error)) func(context.Context) (value.Value, bool, error) {
	return func(context.Context) (value.Value, bool, error) {
		if err := f.rt.spend(1); err != nil {
			return nil, false, err
		}
		return next()
	}
}

// dottedPath cuts a text at its dots; what is a number is an index.
func dottedPath(s string) []value.Value {
	var path []value.Value
	for part := range strings.SplitSeq(s, ".") {
		if n, err := strconv.ParseInt(part, 10, 62); err == nil && part[0] != '-' && part[0] != '+' {
			path = append(path, n)
			continue
		}
		path = append(path, part)
	}
	return path
}

func filterEscape(_ *frame, in value.Value, args *value.Args) (value.Value, error) {
	if err := args.None(); err != nil {
		return nil, err
	}
	return escapeValue(in)
}

func filterForceEscape(_ *frame, in value.Value, args *value.Args) (value.Value, error) {
	if err := args.None(); err != nil {
		return nil, err
	}
	s, err := value.ToStr(in)
	return value.Escape(s), err
}

func filterSafe(_ *frame, in value.Value, args *value.Args) (value.Value, error) {
	if err := args.None(); err != nil {
		return nil, err
	}
	s, err := value.ToStr(in)
	return value.Markup(s), err
}

func filterString(_ *frame, in value.Value, args *value.Args) (value.Value, error) {
	if err := args.None(); err != nil {
		return nil, err
	}
	s, err := softStr(in)
	return s.with(s.text), err
}

func filterStriptags(_ *frame, in value.Value, args *value.Args) (value.Value, error) {
	if err := args.None(); err != nil {
		return nil, err
	}
	if h, ok := in.(value.HTMLer); ok {
		return value.StripTags(string(h.HTML())), nil
	}
	s, err := value.ToStr(in)
	return value.StripTags(s), err
}

func filterCenter(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [1]value.Value
	if err := args.Into(p[:], 0, "width"); err != nil {
		return nil, err
	}
	s, err := softStr(in)
	if err != nil {
		return nil, err
	}
	if value.IsAbsent(p[0]) {
		p[0] = int64(80)
	}
	v, _, err := value.CallMethod(f.rt.ctx, s.with(s.text), "center", &value.Args{Name: "center", Pos: p[:]})
	return v, err
}

func filterTrim(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	s, err := softStr(in)
	if err != nil {
		return nil, err
	}
	v, _, err := value.CallMethod(f.rt.ctx, s.with(s.text), "strip", args)
	return v, err
}

func filterReplace(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [3]value.Value
	if err := args.Into(p[:], 2, "old", "new", "count"); err != nil {
		return nil, err
	}
	if value.IsAbsent(p[2]) || p[2] == nil {
		p[2] = int64(-1)
	}
	s, err := softStr(in)
	if err != nil {
		return nil, err
	}
	before, err := softStr(p[0])
	if err != nil {
		return nil, err
	}
	after, err := softStr(p[1])
	if err != nil {
		return nil, err
	}
	n, err := intArg(p[2], -1)
	if err != nil {
		return nil, err
	}
	switch {
	case !f.rt.autoescape:
		out, err := value.Replace(s.text, before.text, after.text, n)
		return s.with(out), err
	case before.safe || after.safe && !s.safe:
		s = soft{string(value.EscapeValue(s.with(s.text))), true}
	}
	if s.safe {
		after.text = string(value.EscapeValue(after.with(after.text)))
		before.text = string(value.EscapeValue(before.with(before.text)))
	}
	out, err := value.Replace(s.text, before.text, after.text, n)
	return s.with(out), err
}

func filterTitle(_ *frame, in value.Value, args *value.Args) (value.Value, error) {
	if err := args.None(); err != nil {
		return nil, err
	}
	s, err := softStr(in)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	start := true
	for _, r := range s.text {
		if start {
			b.WriteString(value.Upper(string(r)))
		} else {
			b.WriteString(value.Lower(string(r)))
		}
		start = isSpace(r) || strings.ContainsRune("-([{<", r)
	}
	return b.String(), nil
}

func filterFormat(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	if len(args.Pos) > 0 && len(args.Named) > 0 {
		return nil, value.TypeError.Errorf("can't handle positional and keyword arguments at the same time")
	}
	s, err := softStr(in)
	if err != nil {
		return nil, err
	}
	if len(args.Named) == 0 {
		return value.Binary(value.Mod, s.with(s.text), append(value.Tuple{}, args.Pos...))
	}
	d := value.NewDict()
	for _, n := range args.Named {
		d.Set(n.Name, n.Value)
	}
	return value.Binary(value.Mod, s.with(s.text), d)
}

func filterIndent(_ *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [3]value.Value
	if err := args.Into(p[:], 0, "width", "first", "blank"); err != nil {
		return nil, err
	}
	s, err := onlyText(in)
	if err != nil {
		return nil, err
	}
	var indent string
	switch w := p[0].(type) {
	case string:
		indent = w
	case value.Markup:
		indent = string(w)
	default:
		n, err := intArg(p[0], 4)
		if err != nil {
			return nil, err
		}
		if n > 10_000 {
			return nil, value.MemoryError.Errorf("an indentation of %d spaces", n)
		}
		indent = strings.Repeat(" ", max(n, 0))
	}
	first, err := truthArg(p[1], false)
	if err != nil {
		return nil, err
	}
	blank, err := truthArg(p[2], false)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	if first {
		b.WriteString(indent)
	}
	if blank {
		b.WriteString(strings.ReplaceAll(s.text+"\n", "\n", "\n"+indent))
		return s.with(strings.TrimSuffix(b.String(), "\n"+indent)), nil
	}
	lines := value.SplitLines(s.text+"\n", false)
	for i, line := range lines {
		if i > 0 {
			b.WriteByte('\n')
			if line != "" {
				b.WriteString(indent)
			}
		}
		b.WriteString(line)
	}
	return s.with(b.String()), nil
}

func filterTruncate(_ *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [4]value.Value
	if err := args.Into(p[:], 0, "length", "killwords", "end", "leeway"); err != nil {
		return nil, err
	}
	length, err := intArg(p[0], 255)
	if err != nil {
		return nil, err
	}
	end, err := textArg(p[2], "...")
	if err != nil {
		return nil, err
	}
	if value.IsAbsent(p[3]) || p[3] == nil {
		p[3] = int64(5)
	}
	leeway, err := intArg(p[3], 5)
	if err != nil {
		return nil, err
	}
	marks := utf8.RuneCountInString(end)
	if length < marks {
		return nil, value.ValueError.Errorf("expected length >= %d, got %d", marks, length)
	}
	if leeway < 0 {
		return nil, value.ValueError.Errorf("expected leeway >= 0, got %d", leeway)
	}
	n, err := value.Len(in)
	if err != nil {
		return nil, err
	}
	if n <= length+leeway {
		return in, nil
	}
	s, err := onlyText(in)
	if err != nil {
		return nil, err
	}
	kept := string([]rune(s.text)[:length-marks])
	killWords, err := truthArg(p[1], false)
	if err != nil {
		return nil, err
	}
	if !killWords {
		if i := strings.LastIndexByte(kept, ' '); i >= 0 {
			kept = kept[:i]
		}
	}
	return s.with(kept + end), nil
}

func filterWordcount(_ *frame, in value.Value, args *value.Args) (value.Value, error) {
	if err := args.None(); err != nil {
		return nil, err
	}
	s, err := softStr(in)
	n := len(strings.FieldsFunc(s.text, func(r rune) bool { return !isWord(r) }))
	return int64(n), err
}

func filterFilesize(_ *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [1]value.Value
	if err := args.Into(p[:], 0, "binary"); err != nil {
		return nil, err
	}
	size, err := value.ToFloat(in)
	if err != nil {
		return nil, err
	}
	binary, err := truthArg(p[0], false)
	if err != nil {
		return nil, err
	}
	base, units := 1000.0, []string{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}
	if binary {
		base, units = 1024, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
	}
	switch {
	case size == 1:
		return "1 Byte", nil
	case size < base:
		n, err := value.ToInt(size)
		if err != nil {
			return nil, err
		}
		return value.Str(n) + " Bytes", nil
	}
	for i, unit := range units {
		limit := math.Pow(base, float64(i+2))
		if size < limit || i == len(units)-1 {
			return fmt.Sprintf("%.1f %s", base*size/limit, unit), nil
		}
	}
	return nil, nil
}

func filterXMLAttr(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [1]value.Value
	if err := args.Into(p[:], 0, "autospace"); err != nil {
		return nil, err
	}
	if u, missing := in.(*Undefined); missing {
		return nil, u.err()
	}
	d, ok := in.(*value.Dict)
	if !ok {
		return nil, value.TypeError.Errorf("xmlattr wants a mapping, not %s", value.TypeName(in))
	}
	var parts []string
	for k, v := range d.All() {
		if _, missing := v.(*Undefined); missing || v == nil {
			continue
		}
		name, ok := k.(string)
		if !ok {
			return nil, value.TypeError.Errorf("expected string or bytes-like object, got '%s'", value.TypeName(k))
		}
		if strings.ContainsAny(name, " \t\n\f\r/>=") || strings.ContainsFunc(name, unicode.IsSpace) {
			return nil, value.ValueError.Errorf("Invalid character in attribute name: %s", value.Repr(k))
		}
		text, err := escapeValue(v)
		if err != nil {
			return nil, err
		}
		parts = append(parts, string(value.Escape(name))+`="`+string(text)+`"`)
	}
	out := strings.Join(parts, " ")
	space, err := truthArg(p[0], true)
	if err != nil {
		return nil, err
	}
	if space && out != "" {
		out = " " + out
	}
	if f.rt.autoescape {
		return value.Markup(out), nil
	}
	return out, nil
}
