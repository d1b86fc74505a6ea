package pyyaml

import "unicode/utf8"

// at returns the byte i bytes ahead, or 0 after the end: a text has no NUL.
func (s *scanner) at(i int) byte {
	if s.pos+i < len(s.src) {
		return s.src[s.pos+i]
	}
	return 0
}

// breakAt returns the length in bytes of the line break i bytes ahead, or 0.
func (s *scanner) breakAt(i int) int {
	switch s.at(i) {
	case '\n':
		return 1
	case '\r':
		if s.at(i+1) == '\n' {
			return 2
		}
		return 1
	case 0xC2:
		if s.at(i+1) == 0x85 {
			return 2
		}
	case 0xE2:
		if s.at(i+1) == 0x80 && (s.at(i+2) == 0xA8 || s.at(i+2) == 0xA9) {
			return 3
		}
	}
	return 0
}

// blank reports whether i bytes ahead there is a space, a tab, a line break or
// the end.
func (s *scanner) blank(i int) bool {
	c := s.at(i)
	return c == ' ' || c == '\t' || c == 0 || s.breakAt(i) > 0
}

// lineEnd reports whether the line, or the text, ends here.
func (s *scanner) lineEnd() bool { return s.pos >= len(s.src) || s.breakAt(0) > 0 }

// lineBreak skips a line break and returns what it stands for, or "" when there
// is none.
func (s *scanner) lineBreak() string {
	n := s.breakAt(0)
	if n == 0 {
		return ""
	}
	text := "\n"
	if n == 3 {
		text = s.src[s.pos : s.pos+3]
	}
	s.pos += n
	s.line++
	s.col = 0
	return text
}

// skip skips n bytes that hold no line break.
func (s *scanner) skip(n int) {
	s.col += utf8.RuneCountInString(s.src[s.pos : s.pos+n])
	s.pos += n
}

// skipLine skips what is left of the line.
func (s *scanner) skipLine() {
	n := 0
	for s.pos+n < len(s.src) && s.breakAt(n) == 0 {
		n++
	}
	s.skip(n)
}

// separator reports whether a line begins here with '---' or '...' alone.
func (s *scanner) separator() bool {
	c := s.at(0)
	return s.col == 0 && (c == '-' || c == '.') && s.at(1) == c && s.at(2) == c && s.blank(3)
}

func nameChar(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_'
}
