package pyre

import (
	"strings"
	"unicode/utf8"
)

// mode says what counts as a match.
type mode struct {
	anchored bool // it begins where the search begins
	full     bool // it ends at the end of the text
	advance  bool // it does not end at from
	from     int
}

// machine runs a program. What can be tried later, and what must be put back
// before that, is on one stack, so that neither long texts nor greedy patterns
// need Go's.
type machine struct {
	prog   *program
	text   string
	how    mode
	caps   []int // start and end of groups in bytes; -1: took no part
	loops  []int // for each loop: how often it went round, and where it last began
	stack  []frame
	budget int
}

// maxFrames bounds the stack: some 64 MB.
const maxFrames = 2 << 20

type frame struct {
	kind frameKind
	pc   int32
	pos  int
	low  int
}

type frameKind uint8

const (
	tryAt      frameKind = iota // go on with pc at pos
	giveBack                    // go on with pc one character before pos, as long as that is not before low
	takeMore                    // a lazy run at pc took low characters up to pos: take one more
	roundAgain                  // a lazy loop at pc could go round once more at pos
	putCapture                  // caps[pc] was pos
	putLoop                     // loops[pc] was pos
)

// evaluation is a machine at work on one text.
type evaluation struct {
	re *Regexp
	m  *machine
}

func (re *Regexp) evaluation(text string) evaluation {
	m, ok := re.pool.Get().(*machine)
	if !ok {
		m = &machine{prog: re.prog}
	}
	m.text = text
	m.budget = re.limit + stepsPerByte*len(text)
	return evaluation{re, m}
}

func (e evaluation) done() {
	e.m.text = ""
	if cap(e.m.stack) > 1<<16 {
		e.m.stack = nil // one bad pattern shall not keep its memory
	}
	e.re.pool.Put(e.m)
}

// find returns the first match at or after a place, or nil.
func (e evaluation) find(pos int, how mode) (*Match, error) {
	m, p := e.m, e.m.prog
	m.how = how
	// A run that fails puts everything back, so this is needed once.
	m.caps = clearTo(m.caps, 2*p.groups+2, -1)
	m.loops = clearTo(m.loops, 2*p.loops, -1)
	m.stack = m.stack[:0]
	for ; pos <= len(m.text); pos++ {
		if !how.anchored {
			if pos = m.candidate(pos); pos < 0 {
				return nil, nil
			}
		}
		end, err := m.run(0, pos)
		if err != nil {
			return nil, err
		}
		if end >= 0 {
			caps := make([]int, len(m.caps))
			copy(caps, m.caps)
			caps[0], caps[1] = pos, end
			return &Match{re: e.re, text: m.text, caps: caps}, nil
		}
		if how.anchored {
			break
		}
		if pos < len(m.text) && m.text[pos] >= utf8.RuneSelf {
			_, size := utf8.DecodeRuneInString(m.text[pos:])
			pos += size - 1
		}
	}
	return nil, nil
}

// candidate returns the next place where a match can begin, or -1.
func (m *machine) candidate(pos int) int {
	p := m.prog
	switch {
	case p.atStart && pos > 0:
		return -1
	case p.prefix != "":
		i := strings.Index(m.text[pos:], p.prefix)
		if i < 0 {
			return -1
		}
		return pos + i
	case p.starts != nil:
		for ; pos < len(m.text); pos++ {
			if b := m.text[pos]; p.starts[b] && utf8.RuneStart(b) {
				return pos
			}
		}
		return -1
	}
	return pos
}

func (m *machine) push(f frame) { m.stack = append(m.stack, f) }

func (m *machine) setCapture(slot, pos int) {
	m.push(frame{kind: putCapture, pc: int32(slot), pos: m.caps[slot]})
	m.caps[slot] = pos
}

func (m *machine) setLoop(slot, v int) {
	m.push(frame{kind: putLoop, pc: int32(slot), pos: m.loops[slot]})
	m.loops[slot] = v
}

// one returns how many bytes a character of the set takes at pos, or 0.
func (m *machine) one(s *charset, pos int) int {
	if pos >= len(m.text) {
		return 0
	}
	if b := m.text[pos]; b < utf8.RuneSelf {
		if s.low[b>>6]&(1<<(b&63)) != 0 {
			return 1
		}
		return 0
	}
	r, size := utf8.DecodeRuneInString(m.text[pos:])
	if s.find(r) {
		return size
	}
	return 0
}

// run runs the program from pc on, until it matches, ends or has tried all. It
// returns where it ended, or -1. What it leaves on the stack above what was
// there are the things that could still be tried or put back.
func (m *machine) run(pc, pos int) (int, error) {
	base := len(m.stack)
	code := m.prog.code
	for {
		if m.budget--; m.budget < 0 || len(m.stack) > maxFrames {
			return -1, ErrTimeout
		}
		in := &code[pc]
		ok := true
		switch in.op {
		case opMatch:
			if !m.how.full && !m.how.advance || (!m.how.full || pos == len(m.text)) && (!m.how.advance || pos != m.how.from) {
				return pos, nil
			}
			ok = false
		case opEnd:
			return pos, nil
		case opText:
			if ok = strings.HasPrefix(m.text[pos:], in.text); ok {
				pos += len(in.text)
				pc++
			}
		case opSet:
			size := m.one(in.set, pos)
			pos += size
			pc++
			ok = size > 0
		case opPlace:
			pc++
			ok = m.at(in.place, pos)
		case opSplit:
			m.push(frame{kind: tryAt, pc: int32(in.y), pos: pos})
			pc = in.x
		case opJump:
			pc = in.x
		case opSave:
			m.setCapture(in.x, pos)
			pc++
		case opRun:
			pc, pos, ok = m.runOf(in, pc, pos)
		case opLoop:
			m.setLoop(2*in.x, 0)
			m.setLoop(2*in.x+1, -1)
			pc++
		case opNext:
			pc = m.round(in, pc, pos)
		case opLook, opAtomic:
			var err error
			if pc, pos, ok, err = m.inner(in, pc, pos); err != nil {
				return -1, err
			}
		case opBackref:
			pos, ok = m.again(in, pos)
			pc++
		case opCondition:
			if m.caps[2*in.x+1] < 0 {
				pc = in.y
			} else {
				pc++
			}
		}
		if !ok {
			if pc, pos, ok = m.backtrack(base); !ok {
				return -1, nil
			}
		}
	}
}

// backtrack puts things back until something is left to try, but not below base.
func (m *machine) backtrack(base int) (pc, pos int, ok bool) {
	for len(m.stack) > base {
		top := len(m.stack) - 1
		f := m.stack[top]
		m.stack = m.stack[:top]
		switch f.kind {
		case tryAt:
			return int(f.pc), f.pos, true
		case giveBack:
			_, size := utf8.DecodeLastRuneInString(m.text[:f.pos])
			f.pos -= size
			if f.pos > f.low {
				m.push(f)
			}
			return int(f.pc), f.pos, true
		case takeMore:
			m.budget--
			in := &m.prog.code[f.pc]
			size := m.one(in.set, f.pos)
			if size == 0 {
				continue
			}
			f.pos += size
			f.low++
			if f.low < in.max {
				m.push(f)
			}
			return int(f.pc) + 1, f.pos, true
		case roundAgain:
			in := &m.prog.code[f.pc]
			m.setLoop(2*in.x, m.loops[2*in.x]+1)
			m.setLoop(2*in.x+1, f.pos)
			return int(f.pc) + 1, f.pos, true
		case putCapture:
			m.caps[f.pc] = f.pos
		case putLoop:
			m.loops[f.pc] = f.pos
		}
	}
	return 0, 0, false
}

// runOf takes as many characters as a run may, or as few.
func (m *machine) runOf(in *instruction, pc, pos int) (int, int, bool) {
	most := in.max
	if in.greed == lazy {
		most = in.min
	}
	n, low := 0, pos
	start := pos
	for n < most {
		size := m.one(in.set, pos)
		if size == 0 {
			break
		}
		pos += size
		if n++; n == in.min {
			low = pos
		}
	}
	m.budget -= (pos - start) / 8
	if n < in.min {
		return pc, pos, false
	}
	switch {
	case in.greed == lazy:
		if n < in.max {
			m.push(frame{kind: takeMore, pc: int32(pc), pos: pos, low: n})
		}
	case pos > low && in.greed == greedy:
		m.push(frame{kind: giveBack, pc: int32(pc + 1), pos: pos, low: low})
	}
	return pc + 1, pos, true
}

// round decides at the top of a counted loop whether it goes round again. A
// round that took nothing is the last, once there were enough.
func (m *machine) round(in *instruction, pc, pos int) int {
	count, last := m.loops[2*in.x], m.loops[2*in.x+1]
	switch {
	case count < in.min:
		m.setLoop(2*in.x, count+1)
		return pc + 1
	case count >= in.max || pos == last:
		return in.y
	case in.greed == lazy:
		m.push(frame{kind: roundAgain, pc: int32(pc), pos: pos})
		return in.y
	}
	m.push(frame{kind: tryAt, pc: int32(in.y), pos: pos})
	m.setLoop(2*in.x, count+1)
	m.setLoop(2*in.x+1, pos)
	return pc + 1
}

// inner runs a program within the program, whose choices are then final.
func (m *machine) inner(in *instruction, pc, pos int) (int, int, bool, error) {
	from := pos
	if in.op == opLook && in.min >= 0 {
		for range in.min {
			if from == 0 {
				// There is not enough text before this place.
				return in.y, pos, in.negative, nil
			}
			_, size := utf8.DecodeLastRuneInString(m.text[:from])
			from -= size
		}
	}
	base := len(m.stack)
	end, err := m.run(pc+1, from)
	if err != nil {
		return 0, 0, false, err
	}
	if in.op == opLook && in.negative {
		m.unwind(base)
		return in.y, pos, end < 0, nil
	}
	if end < 0 {
		return pc, pos, false, nil
	}
	m.commit(base)
	if in.op == opLook {
		end = pos
	}
	return in.y, end, true, nil
}

// unwind puts everything back that was changed since base.
func (m *machine) unwind(base int) {
	for i := len(m.stack) - 1; i >= base; i-- {
		switch f := m.stack[i]; f.kind {
		case putCapture:
			m.caps[f.pc] = f.pos
		case putLoop:
			m.loops[f.pc] = f.pos
		case tryAt, giveBack, takeMore, roundAgain:
		}
	}
	m.stack = m.stack[:base]
}

// commit forgets what could still be tried since base.
func (m *machine) commit(base int) {
	kept := m.stack[:base]
	for _, f := range m.stack[base:] {
		if f.kind == putCapture || f.kind == putLoop {
			kept = append(kept, f)
		}
	}
	m.stack = kept
}

// again matches what a group matched.
func (m *machine) again(in *instruction, pos int) (int, bool) {
	start, end := m.caps[2*in.x], m.caps[2*in.x+1]
	if end < 0 || start < 0 {
		return pos, false
	}
	want := m.text[start:end]
	m.budget -= len(want) / 8
	if in.fold == foldNone {
		return pos + len(want), strings.HasPrefix(m.text[pos:], want)
	}
	for _, r := range want {
		got, size := utf8.DecodeRuneInString(m.text[pos:])
		if size == 0 || !same(r, got, in.fold) {
			return pos, false
		}
		pos += size
	}
	return pos, true
}

// at reports whether pos is such a place.
func (m *machine) at(p place, pos int) bool {
	end := len(m.text)
	switch p {
	case textStart:
		return pos == 0
	case lineStart:
		return pos == 0 || m.text[pos-1] == '\n'
	case textEnd:
		return pos == end
	case textEndOrLast:
		return pos == end || pos == end-1 && m.text[pos] == '\n'
	case lineEnd:
		return pos == end || m.text[pos] == '\n'
	case wordEdge, notWordEdge, wordEdgeASCII, notWordEdgeASCII:
	}
	if end == 0 {
		return false // Python: an empty text has no edge, and no place that is none
	}
	word := class{letter: 'w', ascii: p >= wordEdgeASCII}
	before, after := false, false
	if pos > 0 {
		r, _ := utf8.DecodeLastRuneInString(m.text[:pos])
		before = word.has(r)
	}
	if pos < end {
		r, _ := utf8.DecodeRuneInString(m.text[pos:])
		after = word.has(r)
	}
	return (before != after) == (p == wordEdge || p == wordEdgeASCII)
}
