package pyre

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNesting is how deep groups may be nested. Deeper patterns are refused, so
// that neither reading nor matching one can exhaust the stack.
const maxNesting = 500

// maxGroups is how many groups a pattern may have.
const maxGroups = 10_000

// parser reads a pattern. Its methods give up by a panic with an *Error, which
// parse turns into its result.
type parser struct {
	text string
	src  []rune
	pos  int

	global  Flags // flags of the whole pattern
	verbose bool  // white space is layout at this place
	flags   Flags // flags at this place

	groups int            // groups opened so far, the whole match not counted
	names  map[string]int // named groups
	widths [][2]int       // width of group i+1; {-1, -1} while it is open

	behindFrom int         // number of groups when the outermost lookbehind began, or -1
	forward    map[int]int // groups that conditions name: number to position
	depth      int
}

type tree struct {
	root   *node
	groups int
	names  map[string]int
	flags  Flags
}

func parse(pattern string, flags Flags) (t *tree, err error) {
	p := &parser{
		text: pattern, src: []rune(pattern), global: flags, flags: flags, verbose: flags&Verbose != 0,
		names: map[string]int{}, behindFrom: -1, forward: map[int]int{},
	}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *Error:
			t, err = nil, e
		default:
			panic(e)
		}
	}()
	if flags&Locale != 0 {
		p.fail(0, "the locale flag is for bytes only")
	}
	if flags&ASCII != 0 && flags&Unicode != 0 {
		p.fail(0, "the flags for ASCII and Unicode exclude each other")
	}
	root := p.alternatives(true)
	if !p.atEnd() {
		p.fail(p.pos, "unbalanced parenthesis")
	}
	for group, at := range p.forward {
		if group > p.groups {
			p.fail(at, fmt.Sprintf("there is no group %d", group))
		}
	}
	if p.global&ASCII == 0 {
		p.global |= Unicode
	}
	return &tree{root: root, groups: p.groups, names: p.names, flags: p.global}, nil
}

func (p *parser) fail(pos int, message string) {
	panic(&Error{Text: p.text, Pos: pos, Message: message})
}

func (p *parser) atEnd() bool { return p.pos >= len(p.src) }

// peek returns the next character, or -1 at the end.
func (p *parser) peek() rune {
	if p.atEnd() {
		return -1
	}
	return p.src[p.pos]
}

func (p *parser) next() rune {
	r := p.peek()
	if r >= 0 {
		p.pos++
	}
	return r
}

func (p *parser) accept(r rune) bool {
	if p.peek() == r {
		p.pos++
		return true
	}
	return false
}

// until returns what stands before the terminator, and passes it.
func (p *parser) until(terminator rune, what string) string {
	start := p.pos
	for !p.atEnd() {
		if p.src[p.pos] == terminator {
			s := string(p.src[start:p.pos])
			p.pos++
			if s == "" {
				p.fail(start, "missing "+what)
			}
			return s
		}
		p.pos++
	}
	if p.pos == start {
		p.fail(start, "missing "+what)
	}
	p.fail(start, fmt.Sprintf("missing %c, unterminated name", terminator))
	return ""
}

// alternatives reads branches up to a closing parenthesis or the end. Flags for
// the whole pattern may be set at the very start, which is where first is true.
func (p *parser) alternatives(first bool) *node {
	p.depth++
	if p.depth > maxNesting {
		p.fail(p.pos, "groups are nested too deeply")
	}
	defer func() { p.depth-- }()
	subs := []*node{p.sequence(first)}
	for p.accept('|') {
		subs = append(subs, p.sequence(false))
	}
	if len(subs) == 1 {
		return subs[0]
	}
	return (&node{kind: nodeBranch, subs: subs}).measure()
}

// sequence reads items up to a bar, a closing parenthesis or the end.
func (p *parser) sequence(first bool) *node {
	seq := &node{kind: nodeConcat}
	for {
		r := p.peek()
		if r < 0 || r == '|' || r == ')' {
			break
		}
		start := p.pos
		p.pos++
		if p.verbose {
			if strings.ContainsRune(" \t\n\r\v\f", r) {
				continue
			}
			if r == '#' {
				for !p.atEnd() && p.next() != '\n' {
				}
				continue
			}
		}
		if strings.ContainsRune("*+?{", r) {
			if p.repeat(seq, r, start) {
				continue
			}
		}
		if item := p.item(r, start, first && len(seq.subs) == 0); item != nil {
			seq.subs = append(seq.subs, item)
		}
	}
	if len(seq.subs) == 1 {
		return seq.subs[0]
	}
	return seq.measure()
}

// item reads what begins with r: a character, a set, a place, an escape or a
// group. It returns nil for what leaves nothing behind, such as a comment.
func (p *parser) item(r rune, start int, first bool) *node {
	switch r {
	case '.':
		if p.flags&DotAll != 0 {
			return setNode(&charset{negate: true})
		}
		return setNode(&charset{negate: true, ranges: []runeRange{{'\n', '\n'}}})
	case '^':
		if p.flags&MultiLine != 0 {
			return &node{kind: nodeAssert, place: lineStart}
		}
		return &node{kind: nodeAssert, place: textStart}
	case '$':
		if p.flags&MultiLine != 0 {
			return &node{kind: nodeAssert, place: lineEnd}
		}
		return &node{kind: nodeAssert, place: textEndOrLast}
	case '[':
		return p.set(start)
	case '\\':
		return p.escape(start)
	case '(':
		return p.group(start, first)
	}
	return p.literal(r)
}

func setNode(s *charset) *node {
	s.seal()
	return (&node{kind: nodeSet, set: s}).measure()
}

func (p *parser) folding() folding {
	switch {
	case p.flags&IgnoreCase == 0:
		return foldNone
	case p.flags&ASCII != 0:
		return foldASCII
	}
	return foldUnicode
}

func (p *parser) literal(r rune) *node {
	if all := equivalents(r, p.folding()); len(all) > 1 {
		s := &charset{}
		for _, x := range all {
			s.ranges = append(s.ranges, runeRange{x, x})
		}
		return setNode(s)
	}
	return (&node{kind: nodeLiteral, char: r}).measure()
}

// repeat reads a quantifier that begins with r, and puts a repeat in the place of
// the last item. It returns false if this is an ordinary brace.
func (p *parser) repeat(seq *node, r rune, start int) bool {
	lo, hi := 0, infinite
	switch r {
	case '+':
		lo = 1
	case '?':
		hi = 1
	case '{':
		var ok bool
		if lo, hi, ok = p.bounds(start); !ok {
			return false
		}
	}
	if len(seq.subs) == 0 || seq.subs[len(seq.subs)-1].kind == nodeAssert {
		p.fail(start, "nothing to repeat")
	}
	last := seq.subs[len(seq.subs)-1]
	if last.kind == nodeRepeat || last.kind == nodeAtomic && last.greed == possessive {
		p.fail(start, "multiple repeat")
	}
	rep := &node{kind: nodeRepeat, min: lo, max: hi, subs: []*node{unwrap(last)}}
	var item *node
	switch {
	case p.accept('?'):
		rep.greed = lazy
		item = rep.measure()
	case p.accept('+'):
		// Each round is final as well, not only all of them together.
		rep.subs[0] = (&node{kind: nodeAtomic, subs: []*node{rep.subs[0]}}).measure()
		item = (&node{kind: nodeAtomic, greed: possessive, subs: []*node{rep.measure()}}).measure()
	default:
		item = rep.measure()
	}
	seq.subs[len(seq.subs)-1] = item
	return true
}

// unwrap returns what is inside a group that only groups.
func unwrap(n *node) *node {
	if n.kind == nodeConcat && len(n.subs) == 1 {
		return n.subs[0]
	}
	return n
}

// bounds reads the inside of a {…} quantifier; without success it stays where it was.
func (p *parser) bounds(start int) (lo, hi int, ok bool) {
	if p.peek() == '}' {
		return 0, 0, false
	}
	back := p.pos
	from, some := p.number(start)
	to, more := from, some
	if p.accept(',') {
		to, more = p.number(start)
	}
	if !p.accept('}') {
		p.pos = back
		return 0, 0, false
	}
	lo, hi = 0, infinite
	if some {
		lo = from
	}
	if more {
		hi = to
	}
	if hi < lo {
		p.fail(start, "the greatest number of repeats is below the least")
	}
	return lo, hi, true
}

func (p *parser) number(start int) (n int, some bool) {
	for isDecimal(p.peek()) {
		n = n*10 + int(p.next()-'0')
		some = true
		if n >= infinite {
			p.fail(start, "the number of repeats is too large")
		}
	}
	return n, some
}

func isDecimal(r rune) bool { return '0' <= r && r <= '9' }
func isOctal(r rune) bool   { return '0' <= r && r <= '7' }
func isASCIILetter(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// isName reports whether s can name a group.
func isName(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r)) {
			return false
		}
	}
	return s != ""
}

func runes(s string) int { return utf8.RuneCountInString(s) }
