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
			head, tail := broken(rest[0], width-used)
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

// chunks are what a line can be broken between: spaces, words up to a hyphen, and
// dashes between words.
func chunks(s string) []string {
	var out []string
	runes := []rune(s)
	start := 0
	cut := func(i int) {
		if i > start {
			out, start = append(out, string(runes[start:i])), i
		}
	}
	for i := 1; i < len(runes); i++ {
		if (runes[i] == ' ') != (runes[i-1] == ' ') || hyphen(runes, i) {
			cut(i)
		}
		if n := dashes(runes, i); n > 0 {
			cut(i)
			i += n
			cut(i)
		}
	}
	cut(len(runes))
	return out
}

// letter reports whether s has a letter at i, in the sense of textwrap.
func letter(s []rune, i int) bool {
	return i >= 0 && i < len(s) && (unicode.IsLetter(s[i]) || s[i] == '_')
}

func dash(s []rune, i int) bool { return i >= 0 && i < len(s) && s[i] == '-' }

// hyphen reports whether a word may be broken before its i-th character: behind a
// hyphen that stands between letters.
func hyphen(s []rune, i int) bool {
	before := letter(s, i-2) && (letter(s, i-3) || dash(s, i-3) && letter(s, i-4))
	after := letter(s, i) && (letter(s, i+1) || dash(s, i+1) && letter(s, i+2))
	return dash(s, i-1) && before && after
}

// dashes returns how many dashes there are at i, two or more between words; else 0.
func dashes(s []rune, i int) int {
	n := 0
	for dash(s, i+n) {
		n++
	}
	if n < 2 || i+n == len(s) || !letter(s, i+n) && !unicode.IsNumber(s[i+n]) {
		return 0
	}
	if b := s[i-1]; !letter(s, i-1) && !unicode.IsNumber(b) && !strings.ContainsRune("!\"'&.,?", b) {
		return 0
	}
	return n
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
