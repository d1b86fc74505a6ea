package jinja

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func filterURLEncode(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	if err := args.None(); err != nil {
		return nil, err
	}
	var pairs []value.Value
	switch v := in.(type) {
	case string, value.Markup:
		return quote(v, true)
	case *value.Dict:
		pairs = (&value.View{Of: v, Kind: value.ItemsView}).Items()
	default:
		if !value.CanIterate(in) {
			return quote(in, true)
		}
		var err error
		if pairs, err = f.items(in); err != nil {
			return nil, err
		}
	}
	parts := make([]string, len(pairs))
	for i, pair := range pairs {
		kv, err := value.Unpack(f.rt.ctx, pair, 2)
		if err != nil {
			return nil, err
		}
		k, err := quote(kv[0], false)
		if err != nil {
			return nil, err
		}
		v, err := quote(kv[1], false)
		if err != nil {
			return nil, err
		}
		parts[i] = k + "=" + v
	}
	return strings.Join(parts, "&"), nil
}

// quote escapes a value for a path, or for a query.
func quote(v value.Value, path bool) (string, error) {
	var s string
	if b, ok := v.(value.Bytes); ok {
		s = string(b)
	} else {
		var err error
		if s, err = value.ToStr(v); err != nil {
			return "", err
		}
	}
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("_.-~", c) >= 0, path && c == '/':
			b.WriteByte(c)
		case c == ' ' && !path:
			b.WriteByte('+')
		default:
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
	return b.String(), nil
}

var (
	reURL = regexp.MustCompile(`(?i)^(?:(?:https?://|www\.)(?:(?:[\pL\pN_%-]+\.)+)?(?:[a-z]{2,63}|xn--[\pL\pN_%]{2,59})` +
		`|(?:[\pL\pN_%-]{2,63}\.)+(?:com|net|int|edu|gov|org|info|mil)` +
		`|https?://(?:\d{1,3}(?:\.\d{1,3}){3}|\[(?:[\da-f]{0,4}:){2}(?:[\da-f]{0,4}:?){1,6}\]))` +
		`(?::\d{1,5})?(?:[/?#]\S*)?$`)
	reEmail  = regexp.MustCompile(`^\S+@[\pL\pN_][\pL\pN_.-]*\.[\pL\pN_]+$`)
	reScheme = regexp.MustCompile(`^(?:[\pL\pN_.+-]{2,}:(?:/){0,2})$`)
	reHead   = regexp.MustCompile(`^(?:[(<]|&lt;)+`)
	reTail   = regexp.MustCompile(`(?:[)>.,\n]|&gt;)+$`)
)

func filterURLize(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [5]value.Value
	if err := args.Into(p[:], 0, "trim_url_limit", "nofollow", "target", "rel", "extra_schemes"); err != nil {
		return nil, err
	}
	for i := range p {
		if value.IsAbsent(p[i]) {
			p[i] = nil
		}
	}
	s, err := escapeValue(in)
	if err != nil {
		return nil, err
	}
	u := urlizer{}
	if p[0] != nil {
		if u.limit, err = intArg(p[0], 0); err != nil {
			return nil, err
		}
	}
	rel, err := textArg(p[3], "")
	if err != nil {
		return nil, err
	}
	rels := append(strings.Fields(rel), "noopener")
	if value.Truth(p[1]) {
		rels = append(rels, "nofollow")
	}
	slices.Sort(rels)
	u.attrs = ` rel="` + string(value.Escape(strings.Join(slices.Compact(rels), " "))) + `"`
	if target, err := textArg(p[2], ""); err != nil {
		return nil, err
	} else if target != "" {
		u.attrs += ` target="` + string(value.Escape(target)) + `"`
	}
	if p[4] != nil {
		if u.schemes, err = f.schemes(p[4]); err != nil {
			return nil, err
		}
	}
	out := u.all(string(s))
	if f.rt.autoescape {
		return value.Markup(out), nil
	}
	return out, nil
}

func (f *frame) schemes(v value.Value) ([]string, error) {
	items, err := f.items(v)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, item := range items {
		s, err := value.ToStr(item)
		if err != nil {
			return nil, err
		}
		if !reScheme.MatchString(s) {
			return nil, errorf("FilterArgumentError", "%s is not a valid URI scheme prefix.", value.Repr(item))
		}
		out = append(out, s)
	}
	return out, nil
}

// urlizer makes links of what looks like addresses.
type urlizer struct {
	limit   int // of the text of a link; 0 is none
	attrs   string
	schemes []string
}

// all does so in a text that is escaped already.
func (u *urlizer) all(s string) string {
	var b strings.Builder
	for s != "" {
		i := strings.IndexFunc(s, isSpace)
		if i < 0 {
			i = len(s)
		}
		b.WriteString(u.word(s[:i]))
		rest := strings.TrimLeftFunc(s[i:], isSpace)
		b.WriteString(s[i : len(s)-len(rest)])
		s = rest
	}
	return b.String()
}

func (u *urlizer) word(word string) string {
	head := reHead.FindString(word)
	middle := word[len(head):]
	tail := reTail.FindString(middle)
	middle = middle[:len(middle)-len(tail)]
	for _, pair := range [][2]string{{"(", ")"}, {"<", ">"}, {"&lt;", "&gt;"}} {
		open := strings.Count(middle, pair[0])
		if open <= strings.Count(middle, pair[1]) {
			continue
		}
		for range min(open, strings.Count(tail, pair[1])) {
			end := strings.Index(tail, pair[1]) + len(pair[1])
			middle += tail[:end]
			tail = tail[end:]
		}
	}
	return head + u.link(middle) + tail
}

func (u *urlizer) link(s string) string {
	switch {
	case reURL.MatchString(s):
		to := s
		if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
			to = "https://" + s
		}
		return `<a href="` + to + `"` + u.attrs + `>` + u.trim(s) + `</a>`
	case strings.HasPrefix(s, "mailto:") && reEmail.MatchString(s[7:]):
		return `<a href="` + s + `">` + s[7:] + `</a>`
	case strings.Contains(s, "@") && !strings.HasPrefix(s, "www.") && !strings.Contains(s, ":") && reEmail.MatchString(s):
		return `<a href="mailto:` + s + `">` + s + `</a>`
	}
	for _, scheme := range u.schemes {
		if s != scheme && strings.HasPrefix(s, scheme) {
			return `<a href="` + s + `"` + u.attrs + `>` + s + `</a>`
		}
	}
	return s
}

func (u *urlizer) trim(s string) string {
	if u.limit > 0 && utf8.RuneCountInString(s) > u.limit {
		return string([]rune(s)[:u.limit]) + "..."
	}
	return s
}
