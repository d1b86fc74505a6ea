// Package pyre matches text as Python's re does: the same patterns, the same
// groups, the same choice among possible matches.
//
// It has an engine of its own, because packs use what only a backtracking
// engine can do (lookaround, backreferences, conditionals), and because its
// limit must neither need a clock nor leave a goroutine behind: each evaluation
// may take a number of steps, so that a pattern that runs away is stopped at the
// same place every time, also when an event is replayed. What passes the limit
// fails with [ErrTimeout].
//
// A [Regexp] may be used by several goroutines at once. Positions that callers
// see are counted in code points, as in Python.
package pyre

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
)

// Flags are the options of a pattern, with the numbers that Python gives them.
type Flags int

// The flags of a pattern. Locale, Unicode and Debug are accepted where Python
// accepts them for text, and change nothing.
const (
	IgnoreCase Flags = 2
	Locale     Flags = 4
	MultiLine  Flags = 8
	DotAll     Flags = 16
	Unicode    Flags = 32
	Verbose    Flags = 64
	Debug      Flags = 128
	ASCII      Flags = 256
)

// ErrTimeout says that an evaluation was stopped because it took too many steps.
var ErrTimeout = errors.New("regular expression took too long")

// defaultSteps is what an evaluation may take, beside an allowance for the
// length of the text. The engine does it in under a second on a slow core.
const defaultSteps = 20_000_000

// stepsPerByte is the allowance for long texts, so that work that is linear in
// the text is never refused.
const stepsPerByte = 32

// Regexp is a compiled pattern.
type Regexp struct {
	pattern string
	flags   Flags
	prog    *program
	names   map[string]int
	limit   int
	pool    *sync.Pool
}

// Compile reads a pattern. A mistake in it is an [*Error], which says where.
func Compile(pattern string, flags Flags) (*Regexp, error) {
	tree, err := parse(pattern, flags)
	if err != nil {
		return nil, err
	}
	prog := compile(tree.root, tree.groups)
	return &Regexp{
		pattern: pattern,
		flags:   tree.flags,
		prog:    prog,
		names:   tree.names,
		limit:   defaultSteps,
		pool:    &sync.Pool{New: func() any { return &machine{prog: prog} }},
	}, nil
}

// Limit returns the same pattern with another limit: steps for each evaluation
// beside the allowance for the length of the text. 0 means the default.
func (re *Regexp) Limit(steps int) *Regexp {
	if steps <= 0 {
		steps = defaultSteps
	}
	limited := *re
	limited.limit = steps
	return &limited
}

// Pattern returns the pattern as it was written.
func (re *Regexp) Pattern() string { return re.pattern }

// Flags returns the flags in force, those that the pattern sets for itself included.
func (re *Regexp) Flags() Flags { return re.flags }

// Groups returns how many groups the pattern captures.
func (re *Regexp) Groups() int { return re.prog.groups }

// GroupIndex returns the numbers of the named groups.
func (re *Regexp) GroupIndex() map[string]int { return maps.Clone(re.names) }

// Match matches at the start of the text, and returns nil when it does not.
func (re *Regexp) Match(text string) (*Match, error) { return re.once(text, mode{anchored: true}) }

// FullMatch matches the whole text, and returns nil when it does not.
func (re *Regexp) FullMatch(text string) (*Match, error) {
	return re.once(text, mode{anchored: true, full: true})
}

// Search returns the first match in the text, or nil.
func (re *Regexp) Search(text string) (*Match, error) { return re.once(text, mode{}) }

// once runs a single evaluation.
func (re *Regexp) once(text string, how mode) (*Match, error) {
	e := re.evaluation(text)
	defer e.done()
	return e.find(0, how)
}

// FindIter returns all matches that do not overlap, from the left.
func (re *Regexp) FindIter(text string) ([]*Match, error) {
	var all []*Match
	err := re.each(text, 0, func(m *Match) error {
		all = append(all, m)
		return nil
	})
	return all, err
}

// FindAll returns what Python's findall does: for each match its text; or, when
// the pattern has groups, the text of its groups. A group that took no part is
// empty.
func (re *Regexp) FindAll(text string) ([][]string, error) {
	var all [][]string
	err := re.each(text, 0, func(m *Match) error {
		if re.prog.groups == 0 {
			all = append(all, []string{m.Text()})
			return nil
		}
		found := make([]string, re.prog.groups)
		for i := range found {
			found[i], _ = m.Group(i + 1)
		}
		all = append(all, found)
		return nil
	})
	return all, err
}

// each calls f for the matches of the text, at most count of them (0: all),
// under one limit.
func (re *Regexp) each(text string, count int, f func(*Match) error) error {
	e := re.evaluation(text)
	defer e.done()
	how := mode{}
	for pos, n := 0, 0; count <= 0 || n < count; n++ {
		m, err := e.find(pos, how)
		if err != nil || m == nil {
			return err
		}
		if err := f(m); err != nil {
			return err
		}
		// The next match may touch this one. But after an empty one, an empty
		// one at the same place would be the same again.
		pos = m.caps[1]
		how = mode{advance: m.caps[0] == m.caps[1], from: pos}
	}
	return nil
}

// Sub replaces matches by a template in which \1, \g<1> and \g<name> stand for
// groups: at most count of them, or all when count is 0. It also returns how
// many were replaced.
func (re *Regexp) Sub(template, text string, count int) (string, int, error) {
	t, err := re.template(template)
	if err != nil {
		return "", 0, err
	}
	return re.SubFunc(func(m *Match) (string, error) { return t.expand(m), nil }, text, count)
}

// SubFunc replaces matches by what f makes of them.
func (re *Regexp) SubFunc(f func(*Match) (string, error), text string, count int) (string, int, error) {
	var out strings.Builder
	last, n := 0, 0
	err := re.each(text, count, func(m *Match) error {
		by, err := f(m)
		if err != nil {
			return err
		}
		out.WriteString(text[last:m.caps[0]])
		out.WriteString(by)
		last = m.caps[1]
		n++
		return nil
	})
	if err != nil {
		return "", 0, err
	}
	out.WriteString(text[last:])
	return out.String(), n, nil
}

// Part is a piece of a text that was split. Missing is set for a group of the
// separator that took no part in the match.
type Part struct {
	Text    string
	Missing bool
}

// Split cuts the text at its matches, at most limit of them (0: all). The groups
// of the pattern appear between the pieces.
func (re *Regexp) Split(text string, limit int) ([]Part, error) {
	var parts []Part
	last := 0
	err := re.each(text, limit, func(m *Match) error {
		parts = append(parts, Part{Text: text[last:m.caps[0]]})
		for g := 1; g <= re.prog.groups; g++ {
			s, ok := m.Group(g)
			parts = append(parts, Part{Text: s, Missing: !ok})
		}
		last = m.caps[1]
		return nil
	})
	if err != nil {
		return nil, err
	}
	return append(parts, Part{Text: text[last:]}), nil
}

// Escape returns a pattern that matches the text and nothing else.
func Escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune("()[]{}?*+-|^$\\.&~# \t\n\r\v\f", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Error is a mistake in a pattern or in a replacement.
type Error struct {
	Text    string // the pattern or replacement
	Pos     int    // where the mistake is, in code points from 0
	Message string
}

// Error says what is wrong and where; line and column only if there are lines.
func (e *Error) Error() string {
	if !strings.Contains(e.Text, "\n") {
		return fmt.Sprintf("%s at position %d", e.Message, e.Pos)
	}
	line, column := e.Line()
	return fmt.Sprintf("%s at position %d (line %d, column %d)", e.Message, e.Pos, line, column)
}

// Line returns the line and the column of the mistake, both from 1.
func (e *Error) Line() (line, column int) {
	line, column = 1, 1
	n := 0
	for _, r := range e.Text {
		if n == e.Pos {
			break
		}
		n++
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
	}
	return line, column
}
