package pyre

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// escape reads what follows a backslash at start, outside a set.
func (p *parser) escape(start int) *node {
	r := p.next()
	switch r {
	case -1:
		p.fail(start, "the pattern ends with a backslash")
	case 'A':
		return &node{kind: nodeAssert, place: textStart}
	case 'Z':
		return &node{kind: nodeAssert, place: textEnd}
	case 'b', 'B':
		n := &node{kind: nodeAssert, place: wordEdge}
		if r == 'B' {
			n.place = notWordEdge
		}
		if p.flags&ASCII != 0 {
			n.place += wordEdgeASCII - wordEdge
		}
		return n
	case 'd', 'D', 's', 'S', 'w', 'W':
		return setNode(&charset{classes: []class{p.class(r)}})
	case '0':
		n := 0
		for i := 0; i < 2 && isOctal(p.peek()); i++ {
			n = n*8 + int(p.next()-'0')
		}
		return p.literal(rune(n))
	}
	if isDecimal(r) {
		return p.reference(r, start)
	}
	return p.literal(p.character(r, start))
}

// reference reads \1 to \99, or a character as three octal digits.
func (p *parser) reference(r rune, start int) *node {
	group := int(r - '0')
	if second := p.peek(); isDecimal(second) {
		p.pos++
		if third := p.peek(); isOctal(r) && isOctal(second) && isOctal(third) {
			p.pos++
			n := int(r-'0')*64 + int(second-'0')*8 + int(third-'0')
			if n > 0o377 {
				p.fail(start, "an octal escape must be at most \\377")
			}
			return p.literal(rune(n))
		}
		group = group*10 + int(second-'0')
	}
	if group > p.groups {
		p.fail(start+1, fmt.Sprintf("there is no group %d", group))
	}
	return p.backref(group, start)
}

// class returns one of \d \s \w or its opposite.
func (p *parser) class(r rune) class {
	c := class{ascii: p.flags&ASCII != 0}
	if r < 'a' {
		c.not = true
		r += 'a' - 'A'
	}
	c.letter = byte(r)
	return c
}

// character reads an escape that stands for one character, inside a set or out
// of it.
func (p *parser) character(r rune, start int) rune {
	switch r {
	case 'a':
		return '\a'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'v':
		return '\v'
	case 'x':
		return p.hex(start, 2)
	case 'u':
		return p.hex(start, 4)
	case 'U':
		return p.hex(start, 8)
	case 'N':
		p.fail(start, "characters by name are not supported; write \\uXXXX")
	}
	if isASCIILetter(r) || isDecimal(r) {
		p.fail(start, fmt.Sprintf("bad escape \\%c", r))
	}
	return r
}

func (p *parser) hex(start, digits int) rune {
	from := p.pos
	for p.pos < from+digits && isHex(p.peek()) {
		p.pos++
	}
	if p.pos < from+digits {
		p.fail(start, "incomplete escape "+string(p.src[start:p.pos]))
	}
	n, err := strconv.ParseUint(string(p.src[from:p.pos]), 16, 32)
	if err != nil || n > utf8.MaxRune {
		p.fail(start, "there is no character "+string(p.src[start:p.pos]))
	}
	return rune(n)
}

func isHex(r rune) bool {
	return isDecimal(r) || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F'
}

// set reads a set of characters whose bracket is at start.
func (p *parser) set(start int) *node {
	s := &charset{negate: p.accept('^')}
	for first := true; ; first = false {
		at := p.pos
		r := p.next()
		switch {
		case r < 0:
			p.fail(start, "unterminated character set")
		case r == ']' && !first:
			s.closeUnder(p.folding())
			return setNode(s)
		}
		low, c, isClass := p.member(r, at)
		if p.peek() != '-' {
			s.add(low, low, c, isClass)
			continue
		}
		p.pos++
		to := p.pos
		switch next := p.next(); {
		case next < 0:
			p.fail(start, "unterminated character set")
		case next == ']':
			// The hyphen is the last member.
			p.pos = to
			s.add(low, low, c, isClass)
			s.add('-', '-', class{}, false)
		default:
			high, _, alsoClass := p.member(next, to)
			if isClass || alsoClass || high < low {
				p.fail(at, "bad character range "+string(p.src[at:p.pos]))
			}
			s.add(low, high, class{}, false)
		}
	}
}

func (s *charset) add(low, high rune, c class, isClass bool) {
	if isClass {
		s.classes = append(s.classes, c)
		return
	}
	s.ranges = append(s.ranges, runeRange{low, high})
}

// member reads one member of a set that begins with r: a character or a class.
func (p *parser) member(r rune, at int) (rune, class, bool) {
	if r != '\\' {
		return r, class{}, false
	}
	r = p.next()
	switch r {
	case -1:
		p.fail(at, "the pattern ends with a backslash")
	case 'd', 'D', 's', 'S', 'w', 'W':
		return 0, p.class(r), true
	case 'b':
		return '\b', class{}, false
	}
	if isOctal(r) {
		n := int(r - '0')
		for i := 0; i < 2 && isOctal(p.peek()); i++ {
			n = n*8 + int(p.next()-'0')
		}
		if n > 0o377 {
			p.fail(at, "an octal escape must be at most \\377")
		}
		return rune(n), class{}, false
	}
	return p.character(r, at), class{}, false
}
