// Package yaql is the language of YAQL 3.2 in Go, as Orquesta configures it,
// over the values of Python: its operators, lambdas, contexts, keyword
// arguments, the choice among overloads by the types of the arguments, lazy
// sequences, and the whole standard library.
//
// An [Engine] parses expressions, which are kept, and may be used by several
// goroutines at once, as may its expressions. What it is given it does not change,
// and what it returns may share parts with what it was given.
//
// No expression can hang, exhaust the memory or get at anything that it was not
// given: steps, memory, output, depth and time have limits, and exceeding one is
// an [*Error] that names the limit. Errors carry the line, the column and what may
// have been meant.
package yaql

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Options say how an engine differs from Orquesta's. The zero value is
// Orquesta's, without its functions.
type Options struct {
	Functions []Function // more functions, tried before those of the library
	Limits    Limits
	Cache     int // how many expressions are kept; 4096

	Delegates      bool // functions are values: lambda(…), and $f(…)
	LimitItems     int  // of any sequence; 0 is no limit (yaql.limitIterators)
	KeepTuples     bool // tuples stay tuples in results (yaql.convertTuplesToLists)
	SetsToLists    bool // sets become lists in results (yaql.convertSetsToLists)
	KeepInput      bool // lists of the input count as lists, not as tuples (yaql.convertInputData)
	KeepOutput     bool // results are not converted (yaql.convertOutputData)
	IterableDicts  bool // dicts can be iterated over (yaql.iterableDicts)
	NoGroupByOfOld bool // groupBy does not try its aggregator as YAQL 1.1.1 did

	Now    func() time.Time // time.Now
	Random func() float64   // of random(), at least 0 and below 1; rand.Float64
}

// Vars are the variables that an expression is given, by their names without $.
// A *value.Dict is one.
type Vars interface {
	Get(name string) (value.Value, bool)
}

// Engine parses and evaluates expressions in one configuration.
type Engine struct {
	options Options
	library *library
	cache   *cache
}

// New returns an engine. It panics if the parameters of a function are not
// written as [Function] says: that is a mistake in the program.
func New(o Options) *Engine {
	o.Limits.fill()
	if o.Cache == 0 {
		o.Cache = 4096
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	return &Engine{options: o, library: newLibrary(&o), cache: newCache(o.Cache)}
}

// Parse returns the expression of a source. It is kept for the next time. The
// error is an [*Error].
func (e *Engine) Parse(src string) (x *Expression, err error) {
	if x, ok := e.cache.get(src); ok {
		return x, nil
	}
	defer guard(&err)
	if len(src) > e.options.Limits.Source {
		return nil, limitError("source", "an expression of more than %d bytes", e.options.Limits.Source)
	}
	x = &Expression{engine: e, text: strings.ToValidUTF8(src, "\uFFFD")}
	if x.root, err = parse(e, x.text); err != nil {
		return nil, asError(err, x.text, -1)
	}
	e.cache.put(src, x)
	return x, nil
}

// Eval evaluates a source with data, which $ stands for, and variables, which may
// be nil.
func (e *Engine) Eval(ctx context.Context, src string, data value.Value, vars Vars) (value.Value, error) {
	x, err := e.Parse(src)
	if err != nil {
		return nil, err
	}
	return x.Eval(ctx, data, vars)
}

// Expression is a parsed expression.
type Expression struct {
	engine *Engine
	text   string
	root   node
}

// String returns the source.
func (x *Expression) String() string { return x.text }

// Eval returns the value of the expression with data, which $ stands for, and
// variables, which may be nil. The error is an [*Error].
func (x *Expression) Eval(ctx context.Context, data value.Value, vars Vars) (v value.Value, err error) {
	defer guard(&err)
	ev := &evaluator{
		engine: x.engine, opts: &x.engine.options, src: x.text, vars: vars,
		meter: meter{limits: &x.engine.options.Limits, ctx: ctx, check: checkEvery},
	}
	if ev.opts.KeepInput {
		data = thaw(data)
	}
	root := &scope{dollar: data, hasDollar: true}
	v, err = x.root.eval(ev, root)
	if err == nil && !ev.opts.KeepOutput {
		v, err = ev.output(v, 0)
	}
	if err != nil {
		return nil, asError(err, x.text, -1)
	}
	return v, nil
}

// guard turns a panic into an error: a mistake of ours in one expression must not
// stop the server.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = errorf("RuntimeError", "internal error: %v", p)
	}
}
