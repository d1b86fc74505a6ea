package value

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"
)

func strSplit(right bool) method {
	return func(_ context.Context, self Value, a *Args) (Value, error) { return splitText(text(self), right, a) }
}

func splitText(s string, right bool, a *Args) (Value, error) {
	var p [2]Value
	if err := a.Into(p[:], 0, "sep", "maxsplit"); err != nil {
		return nil, err
	}
	n, err := intArg(p[1], -1)
	if err != nil {
		return nil, err
	}
	if given(p[0]) == nil {
		if right {
			return list(rsplitSpace(s, n)), nil
		}
		return list(splitSpace(s, n)), nil
	}
	sep, err := textArg(p[0], "separator")
	if err != nil {
		return nil, err
	}
	if sep == "" {
		return nil, ValueError.Errorf("empty separator")
	}
	if strings.Count(s, sep) > maxItems {
		return nil, tooMany(maxItems + 1)
	}
	if right && n >= 0 {
		return list(rsplit(s, sep, n)), nil
	}
	if n >= 0 {
		n++
	}
	return list(strings.SplitN(s, sep, n)), nil
}

func list(texts []string) *List {
	l := &List{Items: make([]Value, len(texts))}
	for i, t := range texts {
		l.Items[i] = t
	}
	return l
}

func rsplit(s, sep string, n int) []string {
	var parts []string
	for ; n > 0; n-- {
		i := strings.LastIndex(s, sep)
		if i < 0 {
			break
		}
		parts = append(parts, s[i+len(sep):])
		s = s[:i]
	}
	parts = append(parts, s)
	slices.Reverse(parts)
	return parts
}

// splitSpace splits at runs of white space, at most n times if n is not
// negative.
func splitSpace(s string, n int) []string {
	if n < 0 {
		return strings.FieldsFunc(s, isSpace)
	}
	var parts []string
	for s = strings.TrimLeftFunc(s, isSpace); s != ""; n-- {
		i := strings.IndexFunc(s, isSpace)
		if i < 0 || n == 0 {
			parts = append(parts, s)
			break
		}
		parts = append(parts, s[:i])
		s = strings.TrimLeftFunc(s[i:], isSpace)
	}
	return parts
}

func rsplitSpace(s string, n int) []string {
	if n < 0 {
		return strings.FieldsFunc(s, isSpace)
	}
	var parts []string
	for s = strings.TrimRightFunc(s, isSpace); s != ""; n-- {
		i := strings.LastIndexFunc(s, isSpace)
		if i < 0 || n == 0 {
			parts = append(parts, s)
			break
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		parts = append(parts, s[i+size:])
		s = strings.TrimRightFunc(s[:i], isSpace)
	}
	slices.Reverse(parts)
	return parts
}

func strSplitLines(_ context.Context, self Value, a *Args) (Value, error) {
	var p [1]Value
	if err := a.Into(p[:], 0, "keepends"); err != nil {
		return nil, err
	}
	return list(SplitLines(text(self), Truth(given(p[0])))), nil
}

// SplitLines returns the lines of s as str.splitlines does, with their ends if
// keep.
func SplitLines(s string, keep bool) []string {
	lines := []string{}
	start := 0
	for i, r := range s {
		if i < start || !isLineEnd(r) {
			continue
		}
		end := i + utf8.RuneLen(r)
		if r == '\r' && strings.HasPrefix(s[end:], "\n") {
			end++
		}
		if keep {
			lines = append(lines, s[start:end])
		} else {
			lines = append(lines, s[start:i])
		}
		start = end
	}
	if start < len(s) {
		lines = append(lines, s[start:])
	}
	return lines
}

func isLineEnd(r rune) bool {
	switch r {
	case '\n', '\r', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, '\u2028', '\u2029':
		return true
	}
	return false
}
