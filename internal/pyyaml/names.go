package pyyaml

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fetchName reads an anchor (&name) or an alias (*name).
func (s *scanner) fetchName(kind tokenKind) error {
	if err := s.saveKey(); err != nil {
		return err
	}
	s.allowKey = false
	start := s.mark
	n := 1
	for nameChar(s.at(n)) {
		n++
	}
	next := s.at(n)
	if n == 1 || !s.blank(n) && strings.IndexByte("?:,]}%@`", next) < 0 {
		if kind == aliasToken {
			return start.errorf("'*' begins an alias, which is a name of letters, digits, '-' and '_'; a text that begins with '*' needs quotes")
		}
		return start.errorf("'&' begins an anchor, which is a name of letters, digits, '-' and '_'; a text that begins with '&' needs quotes")
	}
	s.tokens = append(s.tokens, token{kind: kind, at: start, text: s.src[s.pos+1 : s.pos+n]})
	s.skip(n)
	return nil
}

// fetchTag reads a tag: !name, !!name, !handle!name or !<uri>.
func (s *scanner) fetchTag() error {
	if err := s.saveKey(); err != nil {
		return err
	}
	s.allowKey = false
	start := s.mark
	n := 1
	for !s.blank(n) && (s.flow == 0 || s.at(n) != ',') {
		n++
	}
	text := s.src[s.pos : s.pos+n]
	s.skip(n)
	t := token{kind: tagToken, at: start}
	switch {
	case text == "!":
		t.suffix = "!"
	case strings.HasPrefix(text, "!<"):
		if !strings.HasSuffix(text, ">") || len(text) < 4 {
			return start.errorf("a tag that begins with '!<' ends with '>'")
		}
		t.suffix = text[2 : len(text)-1]
	default:
		t.text, t.suffix = "!", text[1:]
		if i := strings.IndexByte(t.suffix, '!'); i >= 0 {
			t.text, t.suffix = text[:i+2], t.suffix[i+1:]
		}
		if t.suffix == "" {
			return start.errorf("a name follows the tag %s", t.text)
		}
	}
	if decoded, err := url.PathUnescape(t.suffix); err == nil {
		t.suffix = decoded
	}
	s.tokens = append(s.tokens, t)
	return nil
}

// fetchDirective reads a line that begins with %.
func (s *scanner) fetchDirective() error {
	s.unwind(-1)
	if err := s.dropKey(); err != nil {
		return err
	}
	s.allowKey = false
	start := s.mark
	s.skipLine()
	text, _, _ := strings.Cut(s.src[start.pos+1:s.pos], " #")
	name, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	if name == "" || strings.IndexFunc(name, func(r rune) bool { return r >= utf8.RuneSelf || !nameChar(byte(r)) }) >= 0 {
		return start.errorf("a value cannot begin with '%%'; put it in quotes")
	}
	if name == "YAML" {
		major, minor, ok := strings.Cut(rest, ".")
		_, err1 := strconv.ParseUint(major, 10, 16)
		_, err2 := strconv.ParseUint(minor, 10, 16)
		if !ok || err1 != nil || err2 != nil {
			return start.errorf("%%YAML %s is not a version such as %%YAML 1.1", rest)
		}
	}
	s.tokens = append(s.tokens, token{kind: directive, at: start, text: name, suffix: rest})
	return nil
}
