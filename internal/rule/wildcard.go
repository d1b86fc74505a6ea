package rule

import (
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/pyre"
)

// fromWildcard makes a regular expression of a wildcard: * is any text, ? any
// character, [seq] one of seq, [!seq] none of it.
func fromWildcard(text string) string {
	var b strings.Builder
	b.WriteString("(?s:")
	src := []rune(text)
	for i := 0; i < len(src); {
		c := src[i]
		i++
		switch c {
		case '*':
			for i < len(src) && src[i] == '*' {
				i++
			}
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		case '[':
			end := setEnd(src, i)
			if end < 0 {
				b.WriteString(`\[`)
				continue
			}
			b.WriteString(wildcardSet(src[i:end]))
			i = end + 1
		default:
			b.WriteString(pyre.Escape(string(c)))
		}
	}
	b.WriteString(`)\Z`)
	return b.String()
}

// setEnd returns where a set that begins at start has its closing bracket, or -1.
func setEnd(src []rune, start int) int {
	j := start
	if j < len(src) && src[j] == '!' {
		j++
	}
	if j < len(src) && src[j] == ']' {
		j++
	}
	for ; j < len(src); j++ {
		if src[j] == ']' {
			return j
		}
	}
	return -1
}

// wildcardSet makes a set of a regular expression of what stands in brackets. A
// range that runs backwards has nothing in it.
func wildcardSet(src []rune) string {
	negate := src[0] == '!'
	if negate {
		src = src[1:]
	}
	var b strings.Builder
	for i := 0; i < len(src); i++ {
		if i+2 < len(src) && src[i+1] == '-' {
			if src[i] <= src[i+2] {
				b.WriteString(inSet(src[i]) + "-" + inSet(src[i+2]))
			}
			i += 2
			continue
		}
		b.WriteString(inSet(src[i]))
	}
	switch {
	case b.Len() > 0 && negate:
		return "[^" + b.String() + "]"
	case b.Len() > 0:
		return "[" + b.String() + "]"
	case negate:
		return "."
	}
	return "(?!)"
}

// inSet writes a character so that it means itself in a set.
func inSet(r rune) string {
	if strings.ContainsRune(`\]^-[`, r) {
		return `\` + string(r)
	}
	return string(r)
}
