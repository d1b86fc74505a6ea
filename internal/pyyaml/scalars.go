package pyyaml

import (
	"strconv"
	"strings"
)

// plainScalar reads a value without quotes, which may go on over lines that are
// further to the right than the block.
func (s *scanner) plainScalar() error {
	start := s.mark
	indent := s.indent + 1
	var b strings.Builder
	spaces := ""
	for s.at(0) != '#' {
		n := s.plainRun()
		if n == 0 {
			break
		}
		s.allowKey = false
		b.WriteString(spaces)
		b.WriteString(s.src[s.pos : s.pos+n])
		s.skip(n)
		var err error
		spaces, err = s.plainSpaces(indent)
		if err != nil {
			return err
		}
		if spaces == "" || s.flow == 0 && s.col < indent {
			break
		}
	}
	s.tokens = append(s.tokens, token{kind: scalarToken, at: start, text: b.String(), plain: true})
	return nil
}

// plainRun returns how many bytes from here belong to a plain scalar.
func (s *scanner) plainRun() int {
	for n := 0; ; n++ {
		switch c := s.at(n); c {
		case 0, ' ', '\t', '\r', '\n':
			return n
		case 0xC2, 0xE2:
			if s.breakAt(n) > 0 {
				return n
			}
		case ':':
			next := s.at(n + 1)
			if s.blank(n+1) || s.flow > 0 && strings.IndexByte(",[]{}", next) >= 0 {
				return n
			}
		case ',', '[', ']', '{', '}':
			if s.flow > 0 {
				return n
			}
		}
	}
}

// plainSpaces skips the space after a run of a plain scalar and returns what it
// stands for if the scalar goes on.
func (s *scanner) plainSpaces(indent int) (string, error) {
	n := 0
	for s.at(n) == ' ' || s.at(n) == '\t' {
		n++
	}
	white := s.src[s.pos : s.pos+n]
	s.skip(n)
	first := s.lineBreak()
	if first == "" {
		return white, nil
	}
	s.allowKey = true
	if s.separator() {
		return "", nil
	}
	var breaks strings.Builder
	for {
		for s.at(0) == ' ' || s.at(0) == '\t' {
			if s.at(0) == '\t' && s.col < indent {
				return "", s.errorf("a tab cannot indent; use spaces")
			}
			s.skip(1)
		}
		br := s.lineBreak()
		if br == "" {
			break
		}
		breaks.WriteString(br)
		if s.separator() {
			return "", nil
		}
	}
	return joinLines(first, breaks.String()), nil
}

// joinLines returns what a line break stands for inside a value: one alone is a
// space, the first of several is nothing.
func joinLines(first, more string) string {
	switch {
	case first != "\n":
		return first + more
	case more == "":
		return " "
	}
	return more
}

// quotedScalar reads a value in single or double quotes.
func (s *scanner) quotedScalar(quote byte) error {
	start := s.mark
	s.skip(1)
	var b strings.Builder
	for {
		n := 0
		for c := s.at(n); c != 0 && c != quote && c != '\\' && c != ' ' && c != '\t' && s.breakAt(n) == 0; c = s.at(n) {
			n++
		}
		b.WriteString(s.src[s.pos : s.pos+n])
		s.skip(n)
		switch c := s.at(0); {
		case s.pos >= len(s.src):
			return start.errorf("there is no %c that ends this value", quote)
		case c == quote && quote == '\'' && s.at(1) == '\'':
			b.WriteByte('\'')
			s.skip(2)
		case c == quote:
			s.skip(1)
			s.tokens = append(s.tokens, token{kind: scalarToken, at: start, text: b.String()})
			return nil
		case c == '\\' && quote == '\'':
			b.WriteByte('\\')
			s.skip(1)
		case c == '\\':
			if err := s.escape(&b); err != nil {
				return err
			}
		default:
			if err := s.quotedSpaces(&b, start, quote); err != nil {
				return err
			}
		}
	}
}

func (s *scanner) quotedSpaces(b *strings.Builder, start mark, quote byte) error {
	n := 0
	for s.at(n) == ' ' || s.at(n) == '\t' {
		n++
	}
	white := s.src[s.pos : s.pos+n]
	s.skip(n)
	first := s.lineBreak()
	if first == "" {
		b.WriteString(white)
		return nil
	}
	more, err := s.quotedBreaks(start, quote)
	b.WriteString(joinLines(first, more))
	return err
}

// quotedBreaks skips blank lines and the indentation of the next line.
func (s *scanner) quotedBreaks(start mark, quote byte) (string, error) {
	var b strings.Builder
	for {
		if s.separator() {
			return "", start.errorf("there is no %c that ends this value before the next document", quote)
		}
		for s.at(0) == ' ' || s.at(0) == '\t' {
			s.skip(1)
		}
		br := s.lineBreak()
		if br == "" {
			return b.String(), nil
		}
		b.WriteString(br)
	}
}

// escape reads what follows a backslash in double quotes.
func (s *scanner) escape(b *strings.Builder) error {
	start := s.mark
	s.skip(1)
	digits := 0
	switch c := s.at(0); c {
	case '0':
		b.WriteByte(0)
	case 'a':
		b.WriteByte(7)
	case 'b':
		b.WriteByte(8)
	case 't', '\t':
		b.WriteByte('\t')
	case 'n':
		b.WriteByte('\n')
	case 'v':
		b.WriteByte(0xB)
	case 'f':
		b.WriteByte(0xC)
	case 'r':
		b.WriteByte('\r')
	case 'e':
		b.WriteByte(0x1B)
	case ' ', '"', '\\', '/':
		b.WriteByte(c)
	case 'N':
		b.WriteString("\u0085")
	case '_':
		b.WriteString("\u00A0")
	case 'L':
		b.WriteString("\u2028")
	case 'P':
		b.WriteString("\u2029")
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		if s.lineBreak() != "" {
			more, err := s.quotedBreaks(start, '"')
			b.WriteString(more)
			return err
		}
		if s.pos >= len(s.src) {
			return nil // the missing quote is reported
		}
		return start.errorf(`there is no escape \%s; write \\ for a backslash, or use single quotes`, firstChar(s.src[s.pos:]))
	}
	s.skip(1)
	if digits == 0 {
		return nil
	}
	code := s.src[s.pos:min(s.pos+digits, len(s.src))]
	r, err := strconv.ParseUint(code, 16, 32)
	if err != nil || len(code) < digits || r > 0x10FFFF || r >= 0xD800 && r <= 0xDFFF {
		return start.errorf(`%q is not the code of a character; there are %d hexadecimal digits after \%c`, code, digits, s.src[s.pos-1])
	}
	s.skip(digits)
	b.WriteRune(rune(r))
	return nil
}

func firstChar(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// blockScalar reads a text that begins with | or >.
func (s *scanner) blockScalar(folded bool) error {
	start := s.mark
	s.skip(1)
	chomp, increment, err := s.blockHeader()
	if err != nil {
		return err
	}
	for s.at(0) == ' ' || s.at(0) == '\t' {
		s.skip(1)
	}
	if s.at(0) == '#' {
		s.skipLine()
	}
	if !s.lineEnd() {
		return s.errorf("text after '|' or '>' begins on the next line")
	}
	s.lineBreak()
	least := max(s.indent+1, 1)
	indent := least + increment - 1
	var breaks string
	if increment == 0 {
		breaks, indent = s.blockIndentation(least)
	} else {
		breaks = s.blockBreaks(indent)
	}
	var b strings.Builder
	last := ""
	for s.col == indent && s.pos < len(s.src) {
		b.WriteString(breaks)
		indented := s.at(0) == ' ' || s.at(0) == '\t'
		from := s.pos
		s.skipLine()
		b.WriteString(s.src[from:s.pos])
		last = s.lineBreak()
		breaks = s.blockBreaks(indent)
		if s.col != indent || s.pos >= len(s.src) {
			break
		}
		if folded && last == "\n" && !indented && s.at(0) != ' ' && s.at(0) != '\t' {
			if breaks == "" {
				b.WriteByte(' ')
			}
		} else {
			b.WriteString(last)
		}
	}
	if chomp != '-' {
		b.WriteString(last)
	}
	if chomp == '+' {
		b.WriteString(breaks)
	}
	s.tokens = append(s.tokens, token{kind: scalarToken, at: start, text: b.String()})
	return nil
}

// blockHeader reads what stands beside | or >: the width of the indentation and
// what happens to line breaks at the end.
func (s *scanner) blockHeader() (chomp byte, increment int, err error) {
	for range 2 {
		c := s.at(0)
		switch {
		case (c == '+' || c == '-') && chomp == 0:
			chomp = c
		case c == '0':
			return 0, 0, s.errorf("the indentation of a text is from 1 to 9, not 0")
		case c >= '1' && c <= '9' && increment == 0:
			increment = int(c - '0')
		default:
			return chomp, increment, nil
		}
		s.skip(1)
	}
	return chomp, increment, nil
}

// blockIndentation skips blank lines and finds the column of the first line.
func (s *scanner) blockIndentation(least int) (breaks string, indent int) {
	var b strings.Builder
	widest := 0
	for {
		for s.at(0) == ' ' {
			s.skip(1)
			widest = max(widest, s.col)
		}
		br := s.lineBreak()
		if br == "" {
			return b.String(), max(widest, least)
		}
		b.WriteString(br)
	}
}

// blockBreaks skips blank lines, and the indentation of the next one.
func (s *scanner) blockBreaks(indent int) string {
	var b strings.Builder
	for {
		for s.col < indent && s.at(0) == ' ' {
			s.skip(1)
		}
		br := s.lineBreak()
		if br == "" {
			return b.String()
		}
		b.WriteString(br)
	}
}
