package pyre

import (
	"fmt"
	"strconv"
	"strings"
)

// template is a replacement: texts[0], groups[0], texts[1], groups[1] and so on.
type template struct {
	texts  []string
	groups []int
}

func (t *template) expand(m *Match) string {
	if len(t.groups) == 0 {
		return t.texts[0]
	}
	var b strings.Builder
	for i, g := range t.groups {
		b.WriteString(t.texts[i])
		s, _ := m.Group(g) // a group that took no part is empty
		b.WriteString(s)
	}
	b.WriteString(t.texts[len(t.groups)])
	return b.String()
}

// template reads a replacement. A mistake in it is an [*Error].
func (re *Regexp) template(text string) (*template, error) {
	if !strings.Contains(text, "\\") {
		return &template{texts: []string{text}}, nil
	}
	r := &templateReader{re: re, text: text, src: []rune(text)}
	for r.pos < len(r.src) {
		c := r.src[r.pos]
		r.pos++
		if c != '\\' {
			r.literal.WriteRune(c)
			continue
		}
		if err := r.escape(r.pos - 1); err != nil {
			return nil, err
		}
	}
	r.out.texts = append(r.out.texts, r.literal.String())
	return &r.out, nil
}

type templateReader struct {
	re      *Regexp
	text    string
	src     []rune
	pos     int
	literal strings.Builder
	out     template
}

func (r *templateReader) peek() rune {
	if r.pos >= len(r.src) {
		return -1
	}
	return r.src[r.pos]
}

func (r *templateReader) errorf(pos int, format string, args ...any) error {
	return &Error{Text: r.text, Pos: pos, Message: fmt.Sprintf(format, args...)}
}

func (r *templateReader) group(n, pos int) error {
	if n > r.re.prog.groups {
		return r.errorf(pos, "there is no group %d", n)
	}
	r.out.texts = append(r.out.texts, r.literal.String())
	r.out.groups = append(r.out.groups, n)
	r.literal.Reset()
	return nil
}

// escape reads what follows a backslash at start.
func (r *templateReader) escape(start int) error {
	c := r.peek()
	if c < 0 {
		return r.errorf(start, "the replacement ends with a backslash")
	}
	r.pos++
	switch {
	case c == 'g':
		return r.named(start)
	case c == '0':
		n := 0
		for i := 0; i < 2 && isOctal(r.peek()); i++ {
			n = n*8 + int(r.src[r.pos]-'0')
			r.pos++
		}
		r.literal.WriteRune(rune(n & 0xff))
		return nil
	case isDecimal(c):
		return r.number(c, start)
	}
	if i := strings.IndexRune("abfnrtv\\", c); i >= 0 {
		r.literal.WriteByte("\a\b\f\n\r\t\v\\"[i])
		return nil
	}
	if isASCIILetter(c) {
		return r.errorf(start, "bad escape \\%c", c)
	}
	r.literal.WriteByte('\\')
	r.literal.WriteRune(c)
	return nil
}

// number reads \1 to \99, or a character as three octal digits.
func (r *templateReader) number(c rune, start int) error {
	n := int(c - '0')
	if second := r.peek(); isDecimal(second) {
		r.pos++
		if third := r.peek(); isOctal(c) && isOctal(second) && isOctal(third) {
			r.pos++
			n = n*64 + int(second-'0')*8 + int(third-'0')
			if n > 0o377 {
				return r.errorf(start, "an octal escape must be at most \\377")
			}
			r.literal.WriteRune(rune(n))
			return nil
		}
		n = n*10 + int(second-'0')
	}
	return r.group(n, start+1)
}

// named reads \g<name> and \g<number>.
func (r *templateReader) named(start int) error {
	if r.peek() != '<' {
		return r.errorf(r.pos, "missing < after \\g")
	}
	r.pos++
	from := r.pos
	for r.peek() >= 0 && r.peek() != '>' {
		r.pos++
	}
	if r.peek() < 0 {
		return r.errorf(from, "missing >, unterminated name")
	}
	name := string(r.src[from:r.pos])
	r.pos++
	if name == "" {
		return r.errorf(from, "missing group name")
	}
	if n, err := strconv.Atoi(name); err == nil && isDecimal([]rune(name)[0]) {
		return r.group(n, from)
	}
	if !isName(name) {
		return r.errorf(from, "%q cannot be a group name", name)
	}
	n, ok := r.re.names[name]
	if !ok {
		return r.errorf(start, "there is no group %q", name)
	}
	return r.group(n, from)
}
