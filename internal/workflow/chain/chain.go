// Package chain is the language of action chains: one action after another, each
// saying which comes next when it succeeded and which when it failed.
//
// It reads the definitions of StackStorm's action chains, YAML or JSON, and tells
// all their mistakes at once; and it conducts them, as package workflow wants it.
// Templates are Jinja over the parameters, the variables and the results of the
// tasks so far. A step costs the same however long the chain has run: results are
// kept by reference and read when a template names them.
package chain

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// maxCompiled is how many definitions are kept. When there are more, all are
// forgotten: reading one again costs little.
const maxCompiled = 512

// Language makes the engines of action chains. It may be used by several
// goroutines at once.
type Language struct {
	mu       sync.Mutex
	compiled map[string]*definition // by text; guarded by mu
}

var (
	_ workflow.Language = (*Language)(nil)
	_ workflow.Engine   = (*Engine)(nil)
)

// New returns the language.
func New() *Language { return &Language{compiled: map[string]*definition{}} }

// New implements [workflow.Language]. The error is a fault with [Mistakes] in its tree.
func (l *Language) New(text []byte, in workflow.Input) (workflow.Engine, error) {
	d, err := l.definition(text)
	if err != nil {
		return nil, err
	}
	return newEngine(d, in), nil
}

// Load implements [workflow.Language].
func (l *Language) Load(text []byte, in workflow.Input, rows []workflow.Row) (workflow.Engine, error) {
	d, err := l.definition(text)
	if err != nil {
		return nil, err
	}
	e := newEngine(d, in)
	if err := e.restore(rows); err != nil {
		return nil, fmt.Errorf("restore action chain %s: %w", in.ID, err)
	}
	return e, nil
}

func (l *Language) definition(text []byte) (*definition, error) {
	l.mu.Lock()
	d := l.compiled[string(text)]
	l.mu.Unlock()
	if d != nil {
		return d, nil
	}
	d, found := read(text, nil)
	if wrong := slices.DeleteFunc(found, func(m Mistake) bool { return m.Warning }); len(wrong) > 0 {
		return nil, &fault.Fault{Kind: fault.Invalid, Msg: Mistakes(wrong).Error(), Err: Mistakes(wrong)}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.compiled) >= maxCompiled {
		clear(l.compiled)
	}
	l.compiled[string(text)] = d
	return d, nil
}

// A Mistake is something wrong with a definition.
type Mistake struct {
	Line, Column int    // from 1; the column counts characters
	Warning      bool   // the chain runs, but perhaps not as it was meant
	Msg          string // a sentence without a full stop
	Hint         string // what would be right; may be empty
}

// Text returns message and hint.
func (m Mistake) Text() string {
	if m.Hint == "" {
		return m.Msg
	}
	return m.Msg + "; " + m.Hint
}

func (m Mistake) String() string {
	return fmt.Sprintf("line %d, column %d: %s", m.Line, m.Column, m.Text())
}

// Mistakes are what is wrong with a definition, as an error.
type Mistakes []Mistake

func (l Mistakes) Error() string {
	lines := make([]string, len(l))
	for i, m := range l {
		lines[i] = m.String()
	}
	return strings.Join(lines, "\n")
}

// Check returns all that is wrong with a definition, in the order of the text.
// What is no warning keeps the chain from running.
func Check(text []byte) []Mistake {
	_, found := read(text, nil)
	return found
}
