package pyre

import (
	"slices"
	"unicode/utf8"
)

type opcode uint8

const (
	opMatch     opcode = iota
	opText             // text follows
	opSet              // one character of set follows
	opPlace            // this is such a place
	opSplit            // go on at x; if that fails, at y
	opJump             // go on at x
	opSave             // remember the position in slot x
	opRun              // characters of set follow, min to max of them; greedy, lazy or possessive
	opLoop             // begin a counted loop whose counters are at x
	opNext             // go round loop x again, or leave it for y
	opLook             // the program up to y matches ahead or behind; go on at y
	opAtomic           // the program up to y matches; go on at y without going back into it
	opEnd              // the end of a program within opLook or opAtomic
	opBackref          // what group x matched follows
	opCondition        // go on here if group x matched, else at y
)

type instruction struct {
	op       opcode
	greed    greed
	place    place
	fold     folding
	negative bool
	x, y     int
	min, max int // of a repeat; min of a lookbehind is how far it looks
	text     string
	set      *charset
}

type program struct {
	code    []instruction
	groups  int
	loops   int
	prefix  string     // each match begins with this
	starts  *[256]bool // each match begins with one of these bytes; nil: unknown
	atStart bool       // a match can only be at the start of the text
}

// compile makes a program of a parsed pattern.
func compile(root *node, groups int) *program {
	c := &compiler{prog: &program{groups: groups}}
	c.node(root)
	c.emit(instruction{op: opMatch})
	p := c.prog
	for _, in := range p.code {
		if in.op == opText {
			p.prefix = in.text
		}
		if in.op == opPlace && in.place == textStart {
			p.atStart = true
		}
		if in.op != opSave {
			break
		}
	}
	if first, empty := firstBytes(root); !empty {
		p.starts = first
	}
	return p
}

type compiler struct {
	prog *program
}

func (c *compiler) emit(in instruction) int {
	c.prog.code = append(c.prog.code, in)
	return len(c.prog.code) - 1
}

func (c *compiler) here() int { return len(c.prog.code) }

func (c *compiler) node(n *node) {
	switch n.kind {
	case nodeEmpty:
	case nodeLiteral:
		c.emit(instruction{op: opText, text: string(n.char)})
	case nodeSet:
		c.emit(instruction{op: opSet, set: n.set})
	case nodeConcat:
		c.concat(n.subs)
	case nodeBranch:
		c.branch(n.subs)
	case nodeRepeat:
		c.repeat(n)
	case nodeCapture:
		c.emit(instruction{op: opSave, x: 2 * n.group})
		c.node(n.subs[0])
		c.emit(instruction{op: opSave, x: 2*n.group + 1})
	case nodeAtomic:
		at := c.emit(instruction{op: opAtomic})
		c.node(n.subs[0])
		c.emit(instruction{op: opEnd})
		c.prog.code[at].y = c.here()
	case nodeAssert:
		c.emit(instruction{op: opPlace, place: n.place})
	case nodeLook:
		in := instruction{op: opLook, negative: n.negative, min: -1}
		if n.behind {
			in.min = n.min
		}
		at := c.emit(in)
		c.node(n.subs[0])
		c.emit(instruction{op: opEnd})
		c.prog.code[at].y = c.here()
	case nodeBackref:
		c.emit(instruction{op: opBackref, x: n.group, fold: n.fold})
	case nodeCondition:
		at := c.emit(instruction{op: opCondition, x: n.group})
		c.node(n.subs[0])
		over := c.emit(instruction{op: opJump})
		c.prog.code[at].y = c.here()
		c.node(n.subs[1])
		c.prog.code[over].x = c.here()
	}
}

// concat joins characters that follow each other into one text.
func (c *compiler) concat(subs []*node) {
	for i := 0; i < len(subs); i++ {
		if subs[i].kind != nodeLiteral {
			if i+1 < len(subs) && isFinal(subs[i], subs[i+1]) {
				c.run(subs[i], possessive)
				continue
			}
			c.node(subs[i])
			continue
		}
		var text []byte
		for ; i < len(subs) && subs[i].kind == nodeLiteral; i++ {
			text = utf8.AppendRune(text, subs[i].char)
		}
		i--
		c.emit(instruction{op: opText, text: string(text)})
	}
}

func (c *compiler) branch(subs []*node) {
	var ends []int
	for i, sub := range subs {
		if i == len(subs)-1 {
			c.node(sub)
			break
		}
		split := c.emit(instruction{op: opSplit})
		c.prog.code[split].x = c.here()
		c.node(sub)
		ends = append(ends, c.emit(instruction{op: opJump}))
		c.prog.code[split].y = c.here()
	}
	for _, end := range ends {
		c.prog.code[end].x = c.here()
	}
}

func (c *compiler) repeat(n *node) {
	body := n.subs[0]
	switch {
	case n.max == 0:
		return
	case body.kind == nodeLiteral || body.kind == nodeSet:
		c.run(n, n.greed)
	case n.min == 0 && n.max == 1:
		split := c.split(n.greed == lazy)
		c.node(body)
		c.leave(split, n.greed == lazy)
	case n.min == 0 && n.max == infinite && body.lo > 0:
		// A body that always takes something needs no counters.
		split := c.split(n.greed == lazy)
		c.node(body)
		c.emit(instruction{op: opJump, x: split})
		c.leave(split, n.greed == lazy)
	default:
		loop := c.prog.loops
		c.prog.loops++
		c.emit(instruction{op: opLoop, x: loop})
		next := c.emit(instruction{op: opNext, x: loop, min: n.min, max: n.max, greed: n.greed})
		c.node(body)
		c.emit(instruction{op: opJump, x: next})
		c.prog.code[next].y = c.here()
	}
}

// run repeats one character.
func (c *compiler) run(n *node, greed greed) {
	body := n.subs[0]
	set := body.set
	if body.kind == nodeLiteral {
		set = newSet(runeRange{body.char, body.char})
	}
	c.emit(instruction{op: opRun, set: set, min: n.min, max: n.max, greed: greed})
}

// isFinal reports whether a run of characters has nothing to gain from giving
// some back, because what follows begins with a character that is none of them.
func isFinal(n, next *node) bool {
	if n.kind != nodeRepeat || n.greed != greedy || n.max == 0 || next.kind != nodeLiteral {
		return false
	}
	switch body := n.subs[0]; body.kind {
	case nodeLiteral:
		return body.char != next.char
	case nodeSet:
		return !body.set.has(next.char)
	default:
		return false
	}
}

// split begins something optional, leave ends it.
func (c *compiler) split(lazy bool) int {
	at := c.emit(instruction{op: opSplit})
	if lazy {
		c.prog.code[at].y = c.here()
	} else {
		c.prog.code[at].x = c.here()
	}
	return at
}

func (c *compiler) leave(split int, lazy bool) {
	if lazy {
		c.prog.code[split].x = c.here()
	} else {
		c.prog.code[split].y = c.here()
	}
}

// firstBytes returns the bytes with which a match of n can begin, and whether it
// can be empty, in which case the bytes say nothing.
func firstBytes(n *node) (first *[256]bool, empty bool) {
	first = &[256]bool{}
	switch n.kind {
	case nodeLiteral:
		first[string(n.char)[0]] = true
		return first, false
	case nodeSet:
		for r := range rune(128) {
			first[r] = n.set.has(r)
		}
		for b := 128; b < 256; b++ {
			first[b] = true
		}
		return first, false
	case nodeConcat:
		for _, sub := range n.subs {
			f, e := firstBytes(sub)
			for b := range f {
				first[b] = first[b] || f[b]
			}
			if !e {
				return first, false
			}
		}
		return first, true
	case nodeBranch, nodeCondition:
		for _, sub := range n.subs {
			f, e := firstBytes(sub)
			empty = empty || e
			for b := range f {
				first[b] = first[b] || f[b]
			}
		}
		return first, empty
	case nodeRepeat:
		f, e := firstBytes(n.subs[0])
		return f, e || n.min == 0
	case nodeCapture, nodeAtomic:
		return firstBytes(n.subs[0])
	case nodeBackref:
		for b := range first {
			first[b] = true
		}
	case nodeEmpty, nodeAssert, nodeLook:
	}
	return first, true
}

// clearTo returns s with n elements, all of them v.
func clearTo(s []int, n, v int) []int {
	s = slices.Grow(s[:0], n)[:n]
	for i := range s {
		s[i] = v
	}
	return s
}
