package pyyaml

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

type tokenKind uint8

const (
	streamEnd tokenKind = iota
	directive
	documentStart
	documentEnd
	blockSequenceStart
	blockMappingStart
	blockEnd
	flowSequenceStart
	flowSequenceEnd
	flowMappingStart
	flowMappingEnd
	blockEntry
	flowEntry
	keyMark
	valueMark
	aliasToken
	anchorToken
	tagToken
	scalarToken
)

func (k tokenKind) String() string {
	switch k {
	case streamEnd:
		return "the end of the file"
	case directive:
		return "a directive"
	case documentStart:
		return "'---'"
	case documentEnd:
		return "'...'"
	case blockSequenceStart:
		return "a list"
	case blockMappingStart, keyMark:
		return "a key"
	case blockEnd:
		return "the end of the block"
	case flowSequenceStart:
		return "'['"
	case flowSequenceEnd:
		return "']'"
	case flowMappingStart:
		return "'{'"
	case flowMappingEnd:
		return "'}'"
	case blockEntry:
		return "'-'"
	case flowEntry:
		return "','"
	case valueMark:
		return "':'"
	case aliasToken:
		return "an alias"
	case anchorToken:
		return "an anchor"
	case tagToken:
		return "a tag"
	case scalarToken:
		return "a value"
	}
	return "something unknown"
}

// mark is a place in the text, from 0.
type mark struct {
	pos, line, col int
}

func (m mark) errorf(format string, args ...any) error {
	return &Error{Line: m.line + 1, Column: m.col + 1, Msg: fmt.Sprintf(format, args...)}
}

type token struct {
	kind   tokenKind
	at     mark
	text   string // of a scalar, an alias, an anchor, a directive; the handle of a tag
	suffix string // of a tag; what follows the name of a directive
	plain  bool   // a scalar without quotes
}

// possibleKey is where a key may have begun that only a later ':' reveals.
type possibleKey struct {
	at       mark
	number   int // of the token that would be the key
	possible bool
	required bool // nothing else can stand here
}

// scanner cuts a text into tokens. Block structure becomes tokens here: a
// column further to the left ends blocks, and a ':' puts the start of a mapping
// before the key that was read already.
type scanner struct {
	src string
	mark

	tokens  []token // read; those before head are taken
	head    int
	taken   int // number of tokens taken so far
	done    bool
	indent  int // column of the innermost block, -1 outside
	indents []int
	flow    int // how many brackets are open

	allowKey bool          // a key may begin here
	keys     []possibleKey // by number of open brackets
}

// peek returns the next token and leaves it.
func (s *scanner) peek() (*token, error) {
	for s.needMore() {
		if err := s.fetch(); err != nil {
			return nil, err
		}
	}
	return &s.tokens[s.head], nil
}

// take returns the next token.
func (s *scanner) take() (token, error) {
	t, err := s.peek()
	if err != nil {
		return token{}, err
	}
	tok := *t
	s.taken++
	if s.head++; s.head == len(s.tokens) {
		s.tokens, s.head = s.tokens[:0], 0
	}
	return tok, nil
}

func (s *scanner) needMore() bool {
	if s.done {
		return false
	}
	if s.head == len(s.tokens) {
		return true
	}
	for i := range s.keys {
		if s.keys[i].possible && s.keys[i].number == s.taken {
			return !s.stale(&s.keys[i])
		}
	}
	return false
}

// stale reports whether k can no longer be a key: keys are on one line and
// shorter than 1024 characters.
func (s *scanner) stale(k *possibleKey) bool {
	return !k.required && (k.at.line != s.line || s.pos-k.at.pos > 4*1024)
}

func (s *scanner) fetch() error {
	if err := s.skipToToken(); err != nil {
		return err
	}
	for i := range s.keys {
		k := &s.keys[i]
		if !k.possible || k.at.line == s.line && (s.pos-k.at.pos <= 1024 || utf8.RuneCountInString(s.src[k.at.pos:s.pos]) <= 1024) {
			continue
		}
		if k.required {
			return s.missingColon(k)
		}
		k.possible = false
	}
	s.unwind(s.col)
	c := s.at(0)
	switch {
	case s.pos >= len(s.src):
		return s.fetchEnd()
	case c == '%' && s.col == 0:
		return s.fetchDirective()
	case s.separator():
		kind := documentStart
		if c == '.' {
			kind = documentEnd
		}
		return s.fetchSeparator(kind)
	}
	switch c {
	case '[':
		return s.fetchOpen(flowSequenceStart)
	case '{':
		return s.fetchOpen(flowMappingStart)
	case ']':
		return s.fetchClose(flowSequenceEnd)
	case '}':
		return s.fetchClose(flowMappingEnd)
	case ',':
		s.allowKey = true
		if err := s.dropKey(); err != nil {
			return err
		}
		s.add(token{kind: flowEntry}, 1)
		return nil
	case '-':
		if s.blank(1) {
			return s.fetchEntry()
		}
	case '?':
		if s.flow > 0 || s.blank(1) {
			return s.fetchKey()
		}
	case ':':
		if s.flow > 0 || s.blank(1) {
			return s.fetchValue()
		}
	case '*':
		return s.fetchName(aliasToken)
	case '&':
		return s.fetchName(anchorToken)
	case '!':
		return s.fetchTag()
	case '|', '>':
		if s.flow == 0 {
			s.allowKey = true
			if err := s.dropKey(); err != nil {
				return err
			}
			return s.blockScalar(c == '>')
		}
	case '\'', '"':
		if err := s.saveKey(); err != nil {
			return err
		}
		s.allowKey = false
		return s.quotedScalar(c)
	}
	if s.startsPlain(c) {
		if err := s.saveKey(); err != nil {
			return err
		}
		s.allowKey = false
		return s.plainScalar()
	}
	return s.cannotStart(c)
}

func (s *scanner) startsPlain(c byte) bool {
	switch c {
	case '-':
		return !s.blank(1)
	case '?', ':':
		return s.flow == 0 && !s.blank(1)
	case ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`':
		return false
	}
	return !s.blank(0)
}

func (s *scanner) cannotStart(c byte) error {
	switch c {
	case '\t':
		return s.errorf("a tab cannot indent; use spaces")
	case '%', '@', '`':
		return s.errorf("a value cannot begin with %q; put it in quotes", c)
	case '|', '>':
		return s.errorf("a block of text cannot begin inside brackets")
	}
	r, _ := utf8.DecodeRuneInString(s.src[s.pos:])
	return s.errorf("%q cannot begin a value", r)
}

// skipToToken skips spaces, comments and line breaks. In a block, a key may
// begin on each new line.
func (s *scanner) skipToToken() error {
	if s.pos == 0 && len(s.src) >= 3 && s.src[:3] == string(byteOrderMark) {
		s.pos = 3
	}
	for {
		for s.at(0) == ' ' || s.at(0) == '\t' && (s.flow > 0 || !s.allowKey) {
			s.pos++
			s.col++
		}
		if s.at(0) == '#' {
			s.skipLine()
		}
		if s.lineBreak() == "" {
			return nil
		}
		if s.flow == 0 {
			s.allowKey = true
		}
	}
}

// saveKey remembers that a key may begin here.
func (s *scanner) saveKey() error {
	required := s.flow == 0 && s.indent == s.col
	if !s.allowKey {
		return nil
	}
	if err := s.dropKey(); err != nil {
		return err
	}
	for len(s.keys) <= s.flow {
		s.keys = append(s.keys, possibleKey{})
	}
	s.keys[s.flow] = possibleKey{at: s.mark, number: s.taken + len(s.tokens) - s.head, possible: true, required: required}
	return nil
}

// dropKey forgets the key that may have begun on this level.
func (s *scanner) dropKey() error {
	if s.flow >= len(s.keys) || !s.keys[s.flow].possible {
		return nil
	}
	k := &s.keys[s.flow]
	if k.required {
		return s.missingColon(k)
	}
	k.possible = false
	return nil
}

func (s *scanner) missingColon(k *possibleKey) error {
	line := s.src[k.at.pos:]
	for i := range len(line) {
		if line[i] == '\n' || line[i] == '\r' || i >= 40 {
			line = line[:i]
			break
		}
	}
	return k.at.errorf("expected a key with ':' and a value after it, but there is no ':' after %q", line)
}

// unwind ends the blocks that are further to the right than col.
func (s *scanner) unwind(col int) {
	if s.flow > 0 {
		return
	}
	for s.indent > col {
		s.indent = s.indents[len(s.indents)-1]
		s.indents = s.indents[:len(s.indents)-1]
		s.tokens = append(s.tokens, token{kind: blockEnd, at: s.mark})
	}
}

// nest begins a block at col, unless there is one, and reports whether it did.
func (s *scanner) nest(col int) (bool, error) {
	if s.indent >= col {
		return false, nil
	}
	if len(s.indents) >= maxDepth {
		return false, s.errorf("more than %d blocks inside each other", maxDepth)
	}
	s.indents = append(s.indents, s.indent)
	s.indent = col
	return true, nil
}

// add appends a token of n characters of ASCII and skips them.
func (s *scanner) add(t token, n int) {
	t.at = s.mark
	s.tokens = append(s.tokens, t)
	s.pos += n
	s.col += n
}

func (s *scanner) fetchEnd() error {
	s.unwind(-1)
	if err := s.dropKey(); err != nil {
		return err
	}
	s.allowKey, s.keys = false, nil
	s.add(token{kind: streamEnd}, 0)
	s.done = true
	return nil
}

func (s *scanner) fetchSeparator(kind tokenKind) error {
	s.unwind(-1)
	if err := s.dropKey(); err != nil {
		return err
	}
	s.allowKey = false
	s.add(token{kind: kind}, 3)
	return nil
}

func (s *scanner) fetchOpen(kind tokenKind) error {
	if err := s.saveKey(); err != nil {
		return err
	}
	if s.flow >= maxDepth {
		return s.errorf("more than %d brackets inside each other", maxDepth)
	}
	s.flow++
	s.allowKey = true
	s.add(token{kind: kind}, 1)
	return nil
}

func (s *scanner) fetchClose(kind tokenKind) error {
	if err := s.dropKey(); err != nil {
		return err
	}
	if s.flow > 0 {
		s.flow--
	}
	s.allowKey = false
	s.add(token{kind: kind}, 1)
	return nil
}

func (s *scanner) fetchEntry() error {
	if s.flow == 0 {
		if !s.allowKey {
			return s.errorf("a list cannot begin here; put '-' on a line of its own")
		}
		began, err := s.nest(s.col)
		if err != nil {
			return err
		}
		if began {
			s.add(token{kind: blockSequenceStart}, 0)
		}
	}
	s.allowKey = true
	if err := s.dropKey(); err != nil {
		return err
	}
	s.add(token{kind: blockEntry}, 1)
	return nil
}

func (s *scanner) fetchKey() error {
	if s.flow == 0 {
		if !s.allowKey {
			return s.errorf("a key cannot begin here")
		}
		began, err := s.nest(s.col)
		if err != nil {
			return err
		}
		if began {
			s.add(token{kind: blockMappingStart}, 0)
		}
	}
	s.allowKey = s.flow == 0
	if err := s.dropKey(); err != nil {
		return err
	}
	s.add(token{kind: keyMark}, 1)
	return nil
}

func (s *scanner) fetchValue() error {
	if s.flow < len(s.keys) && s.keys[s.flow].possible {
		k := &s.keys[s.flow]
		k.possible = false
		s.allowKey = false
		at := s.head + k.number - s.taken
		s.tokens = slices.Insert(s.tokens, at, token{kind: keyMark, at: k.at})
		if s.flow == 0 {
			began, err := s.nest(k.at.col)
			if err != nil {
				return err
			}
			if began {
				s.tokens = slices.Insert(s.tokens, at, token{kind: blockMappingStart, at: k.at})
			}
		}
		s.add(token{kind: valueMark}, 1)
		return nil
	}
	if s.flow == 0 {
		if !s.allowKey {
			return s.errorf("a mapping cannot begin here; if the ':' belongs to the value before it, put that value in quotes")
		}
		began, err := s.nest(s.col)
		if err != nil {
			return err
		}
		if began {
			s.add(token{kind: blockMappingStart}, 0)
		}
	}
	s.allowKey = s.flow == 0
	if err := s.dropKey(); err != nil {
		return err
	}
	s.add(token{kind: valueMark}, 1)
	return nil
}
