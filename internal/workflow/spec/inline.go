package spec

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// ParseInline reads the parameters in a text such as
//
//	message="hello" times=3 to=<% ctx().name %>
//
// in their order. A value is a list in brackets, a text in quotes, a number, true,
// false, null or an expression. Everything else is passed over, words without quotes
// among it, as in the reference.
func ParseInline(text string) []Assignment {
	var all []Assignment
	s := inline{text: text}
	from := 0 // where the last parameter ended
	for at := 0; at < len(text); {
		eq := strings.IndexByte(text[at:], '=')
		if eq < 0 {
			break
		}
		at += eq
		name := wordBefore(text[from:at])
		end := s.value(at + 1)
		if name == "" || end < 0 {
			at++
			continue
		}
		all = append(all, Assignment{Name: name, Value: inlineValue(text[at+1 : end])})
		at, from = end, end
	}
	return all
}

// wordBefore returns the word at the end of a text.
func wordBefore(text string) string {
	i := len(text)
	for i > 0 {
		r, n := utf8.DecodeLastRuneInString(text[:i])
		if !isWord(r) {
			break
		}
		i -= n
	}
	return text[i:]
}

func isWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.Is(unicode.N, r)
}

// inline finds where values end. It remembers where it found what, so that no text
// takes longer than its length.
type inline struct {
	text  string
	found map[string]stretch
}

// stretch says that from its begin on, the first of something is at its end; at -1
// there is none.
type stretch struct{ begin, end int }

// next returns where a text is found at or after from, or -1.
func (s *inline) next(what string, from int) int {
	if f, ok := s.found[what]; ok && from >= f.begin && (f.end < 0 || from <= f.end) {
		return f.end
	}
	end := strings.Index(s.text[from:], what)
	if end >= 0 {
		end += from
	}
	if s.found == nil {
		s.found = map[string]stretch{}
	}
	s.found[what] = stretch{from, end}
	return end
}

// value returns where the value that begins at a place ends, or -1 if none does.
func (s *inline) value(at int) int {
	rest := s.text[at:]
	if rest == "" {
		return -1
	}
	switch rest[0] {
	case '[':
		if i := s.next("]", at); i >= 0 && i < s.line(at) {
			return s.space(at + strings.LastIndexByte(s.text[at:s.line(at)], ']') + 1)
		}
	case '"', '\'':
		if end := s.next(rest[:1], at+1); end >= 0 {
			return s.space(end + 1)
		}
	case '{', '<':
		open, end := "{{", "}}"
		if rest[0] == '<' {
			open, end = "<%", "%>"
		}
		if !strings.HasPrefix(rest, open) {
			return -1
		}
		if i := s.next(end, at+2); i >= 0 && i < s.line(at) {
			return i + 2
		}
	}
	if n := number(rest); n > 0 {
		return at + n
	}
	if n, ok := boolean(rest); ok {
		return at + n
	}
	if strings.HasPrefix(rest, "null") {
		return at + len("null")
	}
	return -1
}

// line returns where the line of a place ends.
func (s *inline) line(at int) int {
	if i := s.next("\n", at); i >= 0 {
		return i
	}
	return len(s.text)
}

// space returns where the white space at a place ends.
func (s *inline) space(at int) int {
	for at < len(s.text) {
		r, n := utf8.DecodeRuneInString(s.text[at:])
		if !isSpace(r) {
			break
		}
		at += n
	}
	return at
}

func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// boolean returns how long the true or false is that a text begins with.
func boolean(text string) (n int, ok bool) {
	for _, word := range []string{"true", "false"} {
		if len(text) >= len(word) && strings.EqualFold(text[:len(word)], word) {
			return len(word), true
		}
	}
	return 0, false
}

// number returns how long the number is that a text begins with: -12, 1.5 or .5.
func number(text string) int {
	sign := 0
	if strings.HasPrefix(text, "-") {
		sign = 1
	}
	whole := digits(text[sign:])
	if rest := text[sign+whole:]; strings.HasPrefix(rest, ".") {
		if fraction := digits(rest[1:]); fraction > 0 {
			return sign + whole + 1 + fraction
		}
	}
	if whole == 0 {
		return 0
	}
	return sign + whole
}

func digits(text string) int {
	for i, r := range text {
		if !unicode.IsDigit(r) {
			return i
		}
	}
	return len(text)
}

// inlineValue returns what a value means: what is not in quotes is JSON, or the
// text itself.
func inlineValue(text string) value.Value {
	text = strings.TrimFunc(text, isSpace)
	quoted := quotes(text, '"') || quotes(text, '\'')
	for _, q := range []string{`"`, `'`} {
		text = strings.TrimSuffix(strings.TrimPrefix(text, q), q)
	}
	if quoted && text != "" && (text[0] != '{' || text[len(text)-1] != '}') {
		return text
	}
	if n, ok := boolean(text); ok && n == len(text) {
		return strings.EqualFold(text, "true")
	}
	if v, err := value.FromJSON([]byte(text)); err == nil {
		return v
	}
	return text
}

// quotes reports whether something in a text is between two quotes.
func quotes(text string, quote byte) bool {
	return strings.Count(text, string(quote)) > 1
}
