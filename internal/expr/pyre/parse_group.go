package pyre

import (
	"fmt"
	"strconv"
	"strings"
)

// group reads what follows an opening parenthesis at start.
func (p *parser) group(start int, first bool) *node {
	if !p.accept('?') {
		return p.capture(start, "")
	}
	at := p.pos
	switch r := p.next(); r {
	case -1:
		p.fail(p.pos, "the pattern ends within a group")
	case 'P':
		return p.named(start, at)
	case ':':
		return p.within(start, p.flags, p.verbose)
	case '>':
		inner := p.within(start, p.flags, p.verbose)
		return (&node{kind: nodeAtomic, subs: []*node{inner}}).measure()
	case '#':
		for {
			if p.atEnd() {
				p.fail(start, "missing ), unterminated comment")
			}
			if p.next() == ')' {
				return nil
			}
		}
	case '=', '!':
		return p.look(start, false, r == '!')
	case '<':
		switch p.next() {
		case '=':
			return p.look(start, true, false)
		case '!':
			return p.look(start, true, true)
		case -1:
			p.fail(p.pos, "the pattern ends within a group")
		}
		p.fail(at, "(?< must be followed by = or !")
	case '(':
		return p.condition(start)
	default:
		if r == '-' || isFlag(r) {
			p.pos = at
			return p.inline(start, first)
		}
		p.fail(at, fmt.Sprintf("unknown extension ?%c", r))
	}
	return nil
}

// within reads up to the closing parenthesis, under other flags.
func (p *parser) within(start int, flags Flags, verbose bool) *node {
	outerFlags, outerVerbose := p.flags, p.verbose
	p.flags, p.verbose = flags, verbose
	inner := p.alternatives(false)
	p.flags, p.verbose = outerFlags, outerVerbose
	p.close(start)
	return (&node{kind: nodeConcat, subs: []*node{inner}}).measure()
}

func (p *parser) close(start int) {
	if !p.accept(')') {
		p.fail(start, "missing ), unterminated subpattern")
	}
}

func (p *parser) capture(start int, name string) *node {
	if p.groups++; p.groups > maxGroups {
		p.fail(start, "too many groups")
	}
	n := &node{kind: nodeCapture, group: p.groups}
	p.widths = append(p.widths, [2]int{-1, -1})
	if name != "" {
		if _, ok := p.names[name]; ok {
			p.fail(start, fmt.Sprintf("the group name %q is taken", name))
		}
		p.names[name] = n.group
	}
	n.subs = []*node{p.alternatives(false)}
	p.close(start)
	n.measure()
	p.widths[n.group-1] = [2]int{n.lo, n.hi}
	return n
}

// named reads (?P<name>…) and (?P=name).
func (p *parser) named(start, at int) *node {
	switch r := p.next(); r {
	case '<':
		from := p.pos
		name := p.until('>', "group name")
		if !isName(name) {
			p.fail(from, fmt.Sprintf("%q cannot be a group name", name))
		}
		return p.capture(start, name)
	case '=':
		from := p.pos
		name := p.until(')', "group name")
		if !isName(name) {
			p.fail(from, fmt.Sprintf("%q cannot be a group name", name))
		}
		group, ok := p.names[name]
		if !ok {
			p.fail(from, fmt.Sprintf("there is no group %q", name))
		}
		return p.backref(group, from)
	case -1:
		p.fail(p.pos, "the pattern ends within a group")
	default:
		p.fail(at, fmt.Sprintf("unknown extension ?P%c", r))
	}
	return nil
}

func (p *parser) backref(group, at int) *node {
	w := p.widths[group-1]
	if w[0] < 0 {
		p.fail(at, "a group cannot refer to itself while it is open")
	}
	if p.behindFrom >= 0 && group > p.behindFrom {
		p.fail(at, "a lookbehind cannot refer to a group of its own")
	}
	return &node{kind: nodeBackref, group: group, fold: p.folding(), lo: w[0], hi: w[1]}
}

func (p *parser) look(start int, behind, negative bool) *node {
	n := &node{kind: nodeLook, behind: behind, negative: negative}
	outer := p.behindFrom
	if behind && outer < 0 {
		p.behindFrom = p.groups
	}
	inner := p.alternatives(false)
	p.behindFrom = outer
	p.close(start)
	if behind {
		if inner.lo != inner.hi {
			p.fail(start, "a lookbehind needs a pattern of fixed width")
		}
		n.min = inner.lo
	}
	n.subs = []*node{inner}
	return n
}

// condition reads (?(group)yes|no).
func (p *parser) condition(start int) *node {
	from := p.pos
	name := p.until(')', "group name")
	group, named := p.names[name]
	switch {
	case named:
	case isName(name):
		p.fail(from, fmt.Sprintf("there is no group %q", name))
	default:
		n, err := strconv.Atoi(name)
		if err != nil || strings.ContainsAny(name, "+-") {
			p.fail(from, fmt.Sprintf("%q cannot be a group name", name))
		}
		if n == 0 || n > maxGroups {
			p.fail(from, fmt.Sprintf("there is no group %d", n))
		}
		group = n
		if _, ok := p.forward[n]; !ok {
			p.forward[n] = from
		}
	}
	if p.behindFrom >= 0 && (group > p.behindFrom || p.widths[group-1][0] < 0) {
		p.fail(from, "a lookbehind can only refer to a group that was closed before it")
	}
	if p.depth++; p.depth > maxNesting {
		p.fail(start, "groups are nested too deeply")
	}
	yes, no := p.sequence(false), &node{kind: nodeEmpty}
	if p.accept('|') {
		no = p.sequence(false)
		if p.peek() == '|' {
			p.fail(p.pos, "a condition has two branches at most")
		}
	}
	p.depth--
	p.close(start)
	return (&node{kind: nodeCondition, group: group, subs: []*node{yes, no}}).measure()
}

func isFlag(r rune) bool { return r > 0 && strings.ContainsRune("aiLmsux", r) }

func flagOf(r rune) Flags {
	switch r {
	case 'a':
		return ASCII
	case 'i':
		return IgnoreCase
	case 'L':
		return Locale
	case 'm':
		return MultiLine
	case 's':
		return DotAll
	case 'u':
		return Unicode
	}
	return Verbose
}

// inline reads (?flags) and (?flags-flags:…).
func (p *parser) inline(start int, first bool) *node {
	var on, off Flags
	for isFlag(p.peek()) {
		f := flagOf(p.next())
		if f == Locale {
			p.fail(p.pos-1, "the locale flag is for bytes only")
		}
		on |= f
		if on&ASCII != 0 && on&Unicode != 0 {
			p.fail(p.pos-1, "the flags for ASCII and Unicode exclude each other")
		}
	}
	if p.accept(')') {
		if !first {
			p.fail(start, "flags for the whole pattern must stand at its start")
		}
		p.global |= on
		p.flags |= on
		p.verbose = p.verbose || on&Verbose != 0
		if p.global&ASCII != 0 && p.global&Unicode != 0 {
			p.fail(start, "the flags for ASCII and Unicode exclude each other")
		}
		return nil
	}
	if p.accept('-') {
		if !isFlag(p.peek()) {
			p.fail(p.pos, "missing flag")
		}
		for isFlag(p.peek()) {
			f := flagOf(p.next())
			if f == ASCII || f == Unicode || f == Locale {
				p.fail(p.pos-1, "the flags a, u and L cannot be turned off")
			}
			off |= f
		}
	}
	if on&off != 0 {
		p.fail(p.pos, "a flag is both turned on and off")
	}
	if !p.accept(':') {
		p.fail(p.pos, "missing : or ), or unknown flag")
	}
	flags := p.flags
	if on&(ASCII|Unicode) != 0 {
		flags &^= ASCII | Unicode
	}
	flags = flags&^off | on
	return p.within(start, flags, (p.verbose || on&Verbose != 0) && off&Verbose == 0)
}
