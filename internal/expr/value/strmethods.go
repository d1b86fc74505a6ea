package value

import (
	"context"
	"strings"
	"unicode/utf8"
)

// strMethod returns the method of text with the name, or nil.
func strMethod(name string) method {
	switch name {
	case "split", "rsplit":
		return strSplit(name == "rsplit")
	case "splitlines":
		return strSplitLines
	case "strip", "lstrip", "rstrip":
		return strStrip(name)
	case "replace":
		return strReplace
	case "join":
		return strJoin
	case "format":
		return func(ctx context.Context, self Value, a *Args) (Value, error) {
			return FormatText(ctx, text(self), a)
		}
	case "format_map":
		return strFormatMap
	case "startswith", "endswith":
		return strAffix(name)
	case "find", "rfind", "index", "rindex", "count":
		return strFind(name)
	case "partition", "rpartition":
		return strPartition(name)
	case "removeprefix", "removesuffix":
		return strRemove(name)
	case "center", "ljust", "rjust":
		return strJustify(name)
	case "zfill":
		return strZfill
	case "expandtabs":
		return strExpandTabs
	case "encode":
		return strEncode
	case "translate":
		return strTranslate
	case "maketrans":
		return strMakeTrans
	case "lower", "upper", "casefold", "title", "capitalize", "swapcase":
		return strCase(name)
	}
	return strTest(name)
}

// text returns the receiver of a method of text.
func text(self Value) string {
	switch s := self.(type) {
	case string:
		return s
	case Markup:
		return string(s)
	}
	return ""
}

// textArg returns an argument that has to be text.
func textArg(v Value, what string) (string, error) {
	switch s := v.(type) {
	case string:
		return s, nil
	case Markup:
		return string(s), nil
	}
	return "", TypeError.Errorf("%s must be str, not %s", what, TypeName(v))
}

// intArg returns an argument that has to be an int.
func intArg(v Value, otherwise int) (int, error) {
	if IsAbsent(v) {
		return otherwise, nil
	}
	switch n := plainInt(v).(type) {
	case int64:
		if n > maxText || n < -maxText {
			return 0, OverflowError.Errorf("Python int too large to convert to C ssize_t")
		}
		return int(n), nil
	}
	return 0, TypeError.Errorf("'%s' object cannot be interpreted as an integer", TypeName(v))
}

func strCase(name string) method {
	convert := func(s string) string { return s }
	switch name {
	case "lower":
		convert = Lower
	case "casefold":
		convert = casefold
	case "upper":
		convert = Upper
	case "title":
		convert = Title
	case "capitalize":
		convert = Capitalize
	case "swapcase":
		convert = swapcase
	}
	return plainMethod(func(self Value) (Value, error) { return convert(text(self)), nil })
}

func strStrip(name string) method {
	return func(_ context.Context, self Value, a *Args) (Value, error) {
		var p [1]Value
		if err := a.Into(p[:], 0, "chars"); err != nil {
			return nil, err
		}
		drop := isSpace
		if chars := given(p[0]); chars != nil {
			set, err := textArg(chars, name+" arg")
			if err != nil {
				return nil, err
			}
			drop = func(r rune) bool { return strings.ContainsRune(set, r) }
		}
		s := text(self)
		if name != "rstrip" {
			s = strings.TrimLeftFunc(s, drop)
		}
		if name != "lstrip" {
			s = strings.TrimRightFunc(s, drop)
		}
		return s, nil
	}
}

func strReplace(_ context.Context, self Value, a *Args) (Value, error) {
	var p [3]Value
	if err := a.Into(p[:], 2, "old", "new", "count"); err != nil {
		return nil, err
	}
	before, err := textArg(p[0], "replace() argument 1")
	if err != nil {
		return nil, err
	}
	after, err := textArg(p[1], "replace() argument 2")
	if err != nil {
		return nil, err
	}
	n, err := intArg(p[2], -1)
	if err != nil {
		return nil, err
	}
	return Replace(text(self), before, after, n)
}

// Replace returns s with the first n, or for a negative n all, of before
// replaced. A result that is too long is an error.
func Replace(s, before, after string, n int) (string, error) {
	times := strings.Count(s, before)
	if n >= 0 {
		times = min(times, n)
	}
	if len(after) > len(before) && times > (maxText-len(s))/(len(after)-len(before)) {
		return "", tooLong(maxText)
	}
	return strings.Replace(s, before, after, n), nil
}

func strJoin(ctx context.Context, self Value, a *Args) (Value, error) {
	var p [1]Value
	if err := a.Into(p[:], 1, "iterable"); err != nil {
		return nil, err
	}
	if !CanIterate(p[0]) {
		return nil, TypeError.Errorf("can only join an iterable")
	}
	items, err := Items(ctx, p[0])
	if err != nil {
		return nil, err
	}
	sep := text(self)
	var b strings.Builder
	for i, item := range items {
		if i > 0 {
			b.WriteString(sep)
		}
		switch item := item.(type) {
		case string:
			b.WriteString(item)
		case Markup:
			b.WriteString(string(item))
		default:
			return nil, TypeError.Errorf("sequence item %d: expected str instance, %s found", i, TypeName(item))
		}
		if b.Len() > maxText {
			return nil, tooLong(maxText)
		}
	}
	return b.String(), nil
}

func strFormatMap(ctx context.Context, self Value, a *Args) (Value, error) {
	var p [1]Value
	if err := a.Into(p[:], 1, "mapping"); err != nil {
		return nil, err
	}
	d, ok := p[0].(*Dict)
	if !ok {
		return nil, TypeError.Errorf("format_map() argument must be a dict")
	}
	args := Args{Name: "format_map"}
	for k, v := range d.Texts() {
		args.Named = append(args.Named, Named{k, v})
	}
	return FormatText(ctx, text(self), &args)
}

// window cuts s[start:end] out by code point, and returns at which byte it
// begins.
func window(s string, start, end Value) (part string, at int, err error) {
	if given(start) == nil && given(end) == nil {
		return s, 0, nil
	}
	n := utf8.RuneCountInString(s)
	from, to, _, err := bounds(n, given(start), given(end), nil)
	if err != nil {
		return "", 0, err
	}
	if from > to {
		return "", -1, nil
	}
	at = runeOffset(s, from)
	return s[at:runeOffset(s, to)], at, nil
}

func strAffix(name string) method {
	return func(_ context.Context, self Value, a *Args) (Value, error) {
		var p [3]Value
		if err := a.Into(p[:], 1, "prefix", "start", "end"); err != nil {
			return nil, err
		}
		s, at, err := window(text(self), p[1], p[2])
		if err != nil {
			return nil, err
		}
		has := strings.HasPrefix
		if name == "endswith" {
			has = strings.HasSuffix
		}
		affixes, ok := p[0].(Tuple)
		if !ok {
			affixes = Tuple{p[0]}
		}
		for _, v := range affixes {
			affix, err := textArg(v, name+" first arg")
			if err != nil {
				return nil, TypeError.Errorf("%s first arg must be str or a tuple of str, not %s", name, TypeName(v))
			}
			if at >= 0 && has(s, affix) {
				return true, nil
			}
		}
		return false, nil
	}
}

func strFind(name string) method {
	return func(_ context.Context, self Value, a *Args) (Value, error) {
		var p [3]Value
		if err := a.Into(p[:], 1, "sub", "start", "end"); err != nil {
			return nil, err
		}
		sub, err := textArg(p[0], "argument 1")
		if err != nil {
			return nil, err
		}
		s := text(self)
		part, at, err := window(s, p[1], p[2])
		if err != nil {
			return nil, err
		}
		i := -1
		switch {
		case name == "count":
			if at < 0 {
				return int64(0), nil
			}
			return int64(strings.Count(part, sub)), nil
		case at < 0:
		case name == "find" || name == "index":
			i = strings.Index(part, sub)
		default:
			i = strings.LastIndex(part, sub)
		}
		if i < 0 {
			if name == "index" || name == "rindex" {
				return nil, ValueError.Errorf("substring not found")
			}
			return int64(-1), nil
		}
		return int64(utf8.RuneCountInString(s[:at+i])), nil
	}
}

func strPartition(name string) method {
	return func(_ context.Context, self Value, a *Args) (Value, error) {
		var p [1]Value
		if err := a.Into(p[:], 1, "sep"); err != nil {
			return nil, err
		}
		sep, err := textArg(p[0], "separator")
		if err != nil {
			return nil, err
		}
		if sep == "" {
			return nil, ValueError.Errorf("empty separator")
		}
		s := text(self)
		if name == "partition" {
			if before, after, ok := strings.Cut(s, sep); ok {
				return Tuple{before, sep, after}, nil
			}
			return Tuple{s, "", ""}, nil
		}
		if i := strings.LastIndex(s, sep); i >= 0 {
			return Tuple{s[:i], sep, s[i+len(sep):]}, nil
		}
		return Tuple{"", "", s}, nil
	}
}

func strRemove(name string) method {
	return func(_ context.Context, self Value, a *Args) (Value, error) {
		var p [1]Value
		if err := a.Into(p[:], 1, "affix"); err != nil {
			return nil, err
		}
		affix, err := textArg(p[0], name+"() argument")
		if err != nil {
			return nil, err
		}
		if name == "removeprefix" {
			return strings.TrimPrefix(text(self), affix), nil
		}
		return strings.TrimSuffix(text(self), affix), nil
	}
}

func strJustify(name string) method {
	return func(_ context.Context, self Value, a *Args) (Value, error) {
		var p [2]Value
		if err := a.Into(p[:], 1, "width", "fillchar"); err != nil {
			return nil, err
		}
		width, err := intArg(p[0], 0)
		if err != nil {
			return nil, err
		}
		fill := " "
		if !IsAbsent(p[1]) {
			if fill, err = textArg(p[1], "The fill character"); err != nil {
				return nil, err
			}
			if utf8.RuneCountInString(fill) != 1 {
				return nil, TypeError.Errorf("The fill character must be exactly one character long")
			}
		}
		s := text(self)
		n := width - utf8.RuneCountInString(s)
		if n <= 0 {
			return s, nil
		}
		if n*len(fill) > maxText {
			return nil, tooLong(maxText)
		}
		left := 0
		switch name {
		case "rjust":
			left = n
		case "center": // an odd one goes to the left if the width is odd
			left = n/2 + n&width&1
		}
		return strings.Repeat(fill, left) + s + strings.Repeat(fill, n-left), nil
	}
}

func strZfill(_ context.Context, self Value, a *Args) (Value, error) {
	var p [1]Value
	if err := a.Into(p[:], 1, "width"); err != nil {
		return nil, err
	}
	width, err := intArg(p[0], 0)
	if err != nil {
		return nil, err
	}
	s := text(self)
	n := width - utf8.RuneCountInString(s)
	if n <= 0 {
		return s, nil
	}
	sign := ""
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign, s = s[:1], s[1:]
	}
	return sign + strings.Repeat("0", n) + s, nil
}

func strExpandTabs(_ context.Context, self Value, a *Args) (Value, error) {
	var p [1]Value
	if err := a.Into(p[:], 0, "tabsize"); err != nil {
		return nil, err
	}
	size, err := intArg(p[0], 8)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	column := 0
	for _, r := range text(self) {
		switch r {
		case '\t':
			if size > 0 {
				n := size - column%size
				if b.Len()+n > maxText {
					return nil, tooLong(maxText)
				}
				b.WriteString(strings.Repeat(" ", n))
				column += n
			}
		case '\n', '\r':
			b.WriteRune(r)
			column = 0
		default:
			b.WriteRune(r)
			column++
		}
	}
	return b.String(), nil
}

func strEncode(_ context.Context, self Value, a *Args) (Value, error) {
	var p [2]Value
	if err := a.Into(p[:], 0, "encoding", "errors"); err != nil {
		return nil, err
	}
	encoding, _ := given(p[0]).(string)
	errors, _ := given(p[1]).(string)
	s := text(self)
	var limit rune
	switch normalEncoding(encoding) {
	case "", "utf8":
		return Bytes(s), nil
	case "ascii":
		limit = 0x7f
	case "latin1", "iso88591":
		limit = 0xff
	default:
		return nil, LookupError.Errorf("unknown encoding: %s", encoding)
	}
	b := make(Bytes, 0, len(s))
	for i, r := range s {
		switch {
		case r <= limit:
			b = append(b, byte(r))
		case errors == "ignore":
		case errors == "replace":
			b = append(b, '?')
		case errors == "backslashreplace":
			b = appendEscapedRune(b, r)
		case errors == "xmlcharrefreplace":
			b = append(append(append(b, "&#"...), itoa(int(r))...), ';')
		default:
			at := utf8.RuneCountInString(s[:i])
			return nil, ValueError.Errorf("'%s' codec can't encode character %s in position %d: ordinal not in range(%d)",
				encoding, "'"+string(appendEscapedRune(nil, r))+"'", at, limit+1)
		}
	}
	return b, nil
}

func strTranslate(_ context.Context, self Value, a *Args) (Value, error) {
	var p [1]Value
	if err := a.Into(p[:], 1, "table"); err != nil {
		return nil, err
	}
	table, ok := p[0].(*Dict)
	if !ok {
		return nil, TypeError.Errorf("'%s' object is not a translation table", TypeName(p[0]))
	}
	var b strings.Builder
	for _, r := range text(self) {
		v, ok, _ := table.GetKey(int64(r))
		switch v := v.(type) {
		case string:
			b.WriteString(v)
		case int64:
			b.WriteRune(rune(v))
		default:
			if !ok {
				b.WriteRune(r)
			}
		}
		if b.Len() > maxText {
			return nil, tooLong(maxText)
		}
	}
	return b.String(), nil
}

func strMakeTrans(_ context.Context, _ Value, a *Args) (Value, error) {
	var p [3]Value
	if err := a.Into(p[:], 1, "x", "y", "z"); err != nil {
		return nil, err
	}
	out := NewDict()
	if d, ok := p[0].(*Dict); ok {
		for k, v := range d.All() {
			if s, ok := k.(string); ok {
				r, n := utf8.DecodeRuneInString(s)
				if n != len(s) || n == 0 {
					return nil, ValueError.Errorf("string keys in translate table must be of length 1")
				}
				k = int64(r)
			}
			if err := out.SetKey(k, v); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	from, to := []rune(text(p[0])), []rune(text(given(p[1])))
	if len(from) != len(to) {
		return nil, ValueError.Errorf("the first two maketrans arguments must have equal length")
	}
	for i, r := range from {
		_ = out.SetKey(int64(r), int64(to[i])) // an int can be a key
	}
	for _, r := range text(given(p[2])) {
		_ = out.SetKey(int64(r), nil) // an int can be a key
	}
	return out, nil
}
