package pyre

import "math"

// infinite is the upper bound of a repeat that has none.
const infinite = math.MaxInt32

type kind uint8

const (
	nodeEmpty     kind = iota
	nodeLiteral        // one character
	nodeSet            // one character of a set
	nodeConcat         // subs one after the other
	nodeBranch         // one of subs
	nodeRepeat         // subs[0], min to max times
	nodeCapture        // subs[0], remembered as group
	nodeAtomic         // subs[0], without going back into it
	nodeAssert         // a place: start, end, edge of a word
	nodeLook           // subs[0] is ahead or behind
	nodeBackref        // what group matched
	nodeCondition      // subs[0] if group matched, else subs[1]
)

type greed uint8

const (
	greedy greed = iota
	lazy
	possessive
)

// node is a part of a parsed pattern.
type node struct {
	kind     kind
	char     rune
	set      *charset
	subs     []*node
	min, max int
	greed    greed
	group    int
	place    place
	fold     folding
	behind   bool
	negative bool

	lo, hi int // how many characters it matches
}

// folding says which characters are the same.
type folding uint8

const (
	foldNone folding = iota
	foldASCII
	foldUnicode
)

// place is what a nodeAssert looks for.
type place uint8

const (
	textStart place = iota
	lineStart
	textEnd
	textEndOrLast // the end, or before a line feed at the end
	lineEnd
	wordEdge
	notWordEdge
	wordEdgeASCII
	notWordEdgeASCII
)

func saturate(n int) int {
	if n < 0 || n > infinite {
		return infinite
	}
	return n
}

// measure sets how wide a node is from how wide its parts are.
func (n *node) measure() *node {
	switch n.kind {
	case nodeLiteral, nodeSet:
		n.lo, n.hi = 1, 1
	case nodeConcat:
		for _, s := range n.subs {
			n.lo, n.hi = saturate(n.lo+s.lo), saturate(n.hi+s.hi)
		}
	case nodeBranch, nodeCondition:
		n.lo = infinite
		for _, s := range n.subs {
			n.lo, n.hi = min(n.lo, s.lo), max(n.hi, s.hi)
		}
	case nodeRepeat:
		n.lo, n.hi = saturate(n.subs[0].lo*n.min), saturate(n.subs[0].hi*n.max)
	case nodeCapture, nodeAtomic:
		n.lo, n.hi = n.subs[0].lo, n.subs[0].hi
	case nodeEmpty, nodeAssert, nodeLook, nodeBackref:
		// A backreference gets its width where it is parsed; the others have none.
	}
	return n
}
