package st2

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// wrap puts a text on lines of at most width characters, as Python's textwrap
// does: between words, behind the hyphens in them, and within what is longer than
// a line.
func wrap(s string, width int) []string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune("\t\n\v\f\r", r) {
			return ' '
		}
		return r
	}, strings.ReplaceAll(s, "\t", "        "))
	rest := chunks(s)
	var lines []string
	for len(rest) > 0 {
		if len(lines) > 0 && strings.TrimSpace(rest[0]) == "" {
			rest = rest[1:]
		}
		var line []string
		used := 0
		for len(rest) > 0 {
			n := utf8.RuneCountInString(rest[0])
			if used+n > width {
				break
			}
			line, rest, used = append(line, rest[0]), rest[1:], used+n
		}
		if len(rest) > 0 && utf8.RuneCountInString(rest[0]) > width {
			head, tail := broken(rest[0], max(width-used, 1))
			line, rest[0] = append(line, head), tail
		}
		if n := len(line); n > 0 && strings.TrimSpace(line[n-1]) == "" {
			line = line[:n-1]
		}
		if len(line) > 0 {
			lines = append(lines, strings.Join(line, ""))
		}
	}
	return lines
}

// chunks are what a line can be broken between: spaces, and words up to a hyphen.
func chunks(s string) []string {
	var out []string
	start := 0
	runes := []rune(s)
	for i := 1; i <= len(runes); i++ {
		if i == len(runes) || (runes[i] == ' ') != (runes[i-1] == ' ') || hyphen(runes, i) {
			out = append(out, string(runes[start:i]))
			start = i
		}
	}
	return out
}

// hyphen reports whether a word may be broken before its i-th character: behind a
// hyphen with two letters before it and one after it.
func hyphen(s []rune, i int) bool {
	return i >= 3 && s[i-1] == '-' && unicode.IsLetter(s[i-2]) && unicode.IsLetter(s[i-3]) && i < len(s) &&
		(unicode.IsLetter(s[i]) && i+1 < len(s) && (unicode.IsLetter(s[i+1]) || s[i+1] == '-' && i+2 < len(s) && unicode.IsLetter(s[i+2])))
}

// broken cuts a word that is longer than a line, behind a hyphen if there is one.
func broken(word string, room int) (head, tail string) {
	runes := []rune(word)
	for i := room - 1; i > 0; i-- {
		if runes[i] == '-' && strings.Trim(string(runes[:i]), "-") != "" {
			return string(runes[:i+1]), string(runes[i+1:])
		}
	}
	return string(runes[:room]), string(runes[room:])
}
