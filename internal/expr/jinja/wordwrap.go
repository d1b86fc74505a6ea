package jinja

import (
	"strings"
	"unicode"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func filterWordwrap(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [4]value.Value
	if err := args.Into(p[:], 0, "width", "break_long_words", "wrapstring", "break_on_hyphens"); err != nil {
		return nil, err
	}
	var w wrapper
	var err error
	if w.breakLong, err = truthArg(p[1], true); err != nil {
		return nil, err
	}
	if w.breakHyphens, err = truthArg(p[3], true); err != nil {
		return nil, err
	}
	if w.width, err = intArg(p[0], 79); err != nil {
		return nil, err
	}
	newline, err := textArg(p[2], "")
	if err != nil {
		return nil, err
	}
	if newline == "" {
		newline = f.rt.env.syntax.Newline
	}
	s, err := onlyText(in)
	if err != nil {
		return nil, err
	}
	if w.width <= 0 && s.text != "" {
		return nil, value.ValueError.Errorf("invalid width %d (must be > 0)", w.width)
	}
	var lines []string
	for _, line := range value.SplitLines(s.text, false) {
		lines = append(lines, strings.Join(w.wrap(line), newline))
	}
	return s.with(strings.Join(lines, newline)), nil
}

// wrapper breaks lines as Python's textwrap does.
type wrapper struct {
	width                   int
	breakLong, breakHyphens bool
}

func isBlank(r rune) bool { return strings.ContainsRune("\t\n\v\f\r ", r) }

func blank(s []rune) bool { return strings.TrimFunc(string(s), isBlank) == "" }

// wrap breaks one line.
func (w *wrapper) wrap(line string) []string {
	var lines []string
	chunks := w.chunks([]rune(line))
	for len(chunks) > 0 {
		if len(lines) > 0 && blank(chunks[0]) {
			chunks = chunks[1:]
		}
		var out []rune
		var last []rune
		for len(chunks) > 0 && len(out)+len(chunks[0]) <= w.width {
			last = chunks[0]
			out = append(out, last...)
			chunks = chunks[1:]
		}
		if len(chunks) > 0 && len(chunks[0]) > w.width {
			// A piece of nothing counts as the last one, so that white space before
			// it stays: Python does so, too.
			if n := w.long(chunks[0], w.width-len(out), len(out) == 0); n > 0 || w.breakLong {
				last = chunks[0][:n]
				out = append(out, last...)
				if chunks[0] = chunks[0][n:]; len(chunks[0]) == 0 {
					chunks = chunks[1:]
				}
			}
		}
		if last != nil && blank(last) {
			out = out[:len(out)-len(last)]
		}
		if len(out) > 0 {
			lines = append(lines, string(out))
		}
	}
	return lines
}

// long returns how much of a chunk that is longer than a line goes on this one.
func (w *wrapper) long(chunk []rune, room int, first bool) int {
	switch {
	case w.breakLong:
		if w.breakHyphens && len(chunk) > room {
			for i := room - 1; i > 0; i-- {
				if chunk[i] == '-' && strings.Trim(string(chunk[:i]), "-") != "" {
					return i + 1
				}
			}
		}
		return room
	case first:
		return len(chunk)
	}
	return 0
}

// chunks cuts a line where it may be broken: at white space, and behind the
// hyphens between letters.
func (w *wrapper) chunks(s []rune) [][]rune {
	var out [][]rune
	for start := 0; start < len(s); {
		end := start
		if isBlank(s[start]) {
			for end < len(s) && isBlank(s[end]) {
				end++
			}
		} else {
			end = w.word(s, start)
		}
		out = append(out, s[start:end])
		start = end
	}
	return out
}

func letter(s []rune, i int) bool {
	return i >= 0 && i < len(s) && unicode.IsLetter(s[i]) || i >= 0 && i < len(s) && s[i] == '_'
}

// dashes returns where the run of hyphens at i ends.
func dashes(s []rune, i int) int {
	for i < len(s) && s[i] == '-' {
		i++
	}
	return i
}

// word returns where the piece of a word that begins at start ends.
func (w *wrapper) word(s []rune, start int) int {
	if w.breakHyphens {
		// A dash of several hyphens between words is a piece of its own.
		if n := dashes(s, start); n-start >= 2 && n < len(s) && isWord(s[n]) && start > 0 && w.beforeDash(s[start-1]) {
			return n
		}
	}
	for i := start + 1; i < len(s); i++ {
		if isBlank(s[i]) {
			return i
		}
		if w.breakHyphens && (i >= start+2 && hyphenated(s, i) || w.dashAt(s, i)) {
			return i
		}
	}
	return len(s)
}

// hyphenated reports whether a word may be broken before i, behind a hyphen that
// is between letters.
func hyphenated(s []rune, i int) bool {
	before := letter(s, i-2) && (letter(s, i-3) || i >= 4 && s[i-3] == '-' && letter(s, i-4))
	after := letter(s, i) && (letter(s, i+1) || i+1 < len(s) && s[i+1] == '-' && letter(s, i+2))
	return s[i-1] == '-' && before && after
}

// dashAt reports whether a dash of several hyphens between words begins at i.
func (w *wrapper) dashAt(s []rune, i int) bool {
	n := dashes(s, i)
	return n-i >= 2 && n < len(s) && isWord(s[n]) && w.beforeDash(s[i-1])
}

func (*wrapper) beforeDash(r rune) bool { return isWord(r) || strings.ContainsRune(`!"'&.,?`, r) }
