// Package jinja is the language of Jinja 3.1 in Go, over the values of Python:
// expressions, statements, inheritance, macros, all built-in filters and tests,
// the sandbox, native evaluation, and the filters of StackStorm.
//
// An [Env] parses templates, which are kept, and may be used by several
// goroutines at once, as may its templates and expressions. Without options it is
// what StackStorm uses: a sandbox in which an undefined name is an error, with
// trim_blocks and lstrip_blocks, StackStorm's filters and the test in.
//
// No template can hang, exhaust the memory or get at anything that it was not
// given: steps, output, memory, recursion and time have limits, and exceeding one
// is an [*Error] that names the limit. Errors carry the line, the column and what
// may have been meant.
package jinja

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Filter is a filter in Go.
type Filter func(ctx context.Context, in value.Value, args *value.Args) (value.Value, error)

// Test is a test in Go.
type Test func(ctx context.Context, in value.Value, args *value.Args) (bool, error)

// sandboxing says what templates may get at.
type sandboxing uint8

const (
	sandboxOn sandboxing = iota
	sandboxImmutable
	sandboxNone
)

// Options say how an environment differs from StackStorm's. The zero value is
// StackStorm's.
type Options struct {
	Undefined UndefinedKind     // Strict
	Filters   map[string]Filter // more filters, or others of the same name
	Tests     map[string]Test   // more tests
	Globals   map[string]value.Value
	Loader    Loader // without one nothing can be extended, included or imported
	Limits    Limits
	Cache     int // how many templates and expressions are kept; 4096

	// Plain is for the environment of Jinja itself, as its documentation has it:
	// lenient about what is undefined, not sandboxed, nothing trimmed, without the
	// filters of StackStorm. Syntax, Autoescape and the rest add to it.
	Plain            bool
	Syntax           *Syntax // nil: Jinja's delimiters, and unless Plain trim_blocks and lstrip_blocks
	Autoescape       bool
	Sandbox          bool // of a Plain environment
	ImmutableSandbox bool // lists and dicts can't be changed, either
	Do, LoopControls bool // the tags do, break and continue
}

// Env parses and renders templates in one configuration.
type Env struct {
	syntax           Syntax
	undefined        UndefinedKind
	sandbox          sandboxing
	filters          map[string]filterFn
	tests            map[string]testFn
	globals          map[string]value.Value
	loader           Loader
	limits           Limits
	autoescape       bool
	do, loopControls bool
	templates        *cache[*Template]
	expressions      *cache[*Expression]
}

// New returns an environment.
func New(o Options) *Env {
	e := &Env{
		undefined:    o.Undefined,
		filters:      builtinFilters(),
		tests:        builtinTests(),
		globals:      builtinGlobals(!o.Plain || o.Sandbox || o.ImmutableSandbox),
		loader:       o.Loader,
		limits:       o.Limits,
		autoescape:   o.Autoescape,
		do:           o.Do,
		loopControls: o.LoopControls,
	}
	if o.Cache == 0 {
		o.Cache = 4096
	}
	e.templates, e.expressions = newCache[*Template](o.Cache), newCache[*Expression](o.Cache)
	switch {
	case o.ImmutableSandbox:
		e.sandbox = sandboxImmutable
	case o.Plain && !o.Sandbox:
		e.sandbox = sandboxNone
	}
	switch {
	case o.Syntax != nil:
		e.syntax = *o.Syntax
	case !o.Plain:
		e.syntax.TrimBlocks, e.syntax.LstripBlocks = true, true
	}
	e.syntax.fill()
	e.limits.fill()
	if !o.Plain {
		maps.Copy(e.filters, stackstormFilters())
	}
	for name, fn := range o.Filters {
		e.filters[name] = func(f *frame, in value.Value, args *value.Args) (value.Value, error) {
			return fn(f.rt.ctx, in, args)
		}
	}
	for name, fn := range o.Tests {
		e.tests[name] = func(f *frame, in value.Value, args *value.Args) (bool, error) { return fn(f.rt.ctx, in, args) }
	}
	maps.Copy(e.globals, o.Globals)
	return e
}

// HasTemplate reports whether s may be anything else than plain text in the
// default syntax. It is fast, and may be wrong about text with a lone brace.
func HasTemplate(s string) bool {
	for {
		i := strings.IndexByte(s, '{')
		if i < 0 || i+1 >= len(s) {
			return false
		}
		switch s[i+1] {
		case '{', '%', '#':
			return true
		}
		s = s[i+1:]
	}
}

// Parse returns the template of a source. It is kept for the next time.
func (e *Env) Parse(src string) (*Template, error) {
	if t, ok := e.templates.get(src); ok {
		return t, nil
	}
	t, err := e.parse("", src)
	if err != nil {
		return nil, err
	}
	e.templates.put(src, t)
	return t, nil
}

func (e *Env) parse(name, src string) (t *Template, err error) {
	defer guard(&err)
	if len(src) > e.limits.Source {
		return nil, limitError("source", "a template of more than %d bytes", e.limits.Source)
	}
	t = &Template{env: e, source: source{name, e.syntax.normalize(validText(src))}}
	p := &parser{env: e, src: &t.source, toks: lex(&e.syntax, t.text), blocks: map[string]*blockStmt{}}
	if t.body, err = p.parseTemplate(); err != nil {
		return nil, err
	}
	t.blocks, t.mutates = p.blocks, p.mutates
	return t, nil
}

// validText makes s valid UTF-8, which all values are.
func validText(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// load returns a template of the loader.
func (e *Env) load(ctx context.Context, name string) (*Template, error) {
	if e.loader == nil {
		return nil, value.TypeError.Errorf("no loader for this environment specified")
	}
	src, ok, err := e.loader.Load(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("load template %s: %w", name, err)
	}
	if !ok {
		return nil, errorf(NotFoundError, "%s", name)
	}
	key := name + "\x00" + src
	if t, ok := e.templates.get(key); ok {
		return t, nil
	}
	t, err := e.parse(name, src)
	if err != nil {
		return nil, err
	}
	e.templates.put(key, t)
	return t, nil
}

// Render renders a source. Plain text costs nothing.
func (e *Env) Render(ctx context.Context, src string, vars Vars) (string, error) {
	if e.syntax.isDefault() && !HasTemplate(src) && len(src) <= e.limits.Output {
		return e.syntax.normalize(src), nil
	}
	t, err := e.Parse(src)
	if err != nil {
		return "", err
	}
	return t.Render(ctx, vars)
}

// Expr returns the expression of a source, without delimiters around it. It is
// kept for the next time.
func (e *Env) Expr(src string) (*Expression, error) {
	if x, ok := e.expressions.get(src); ok {
		return x, nil
	}
	x, err := e.parseExpr(src)
	if err != nil {
		return nil, err
	}
	e.expressions.put(src, x)
	return x, nil
}

func (e *Env) parseExpr(src string) (x *Expression, err error) {
	defer guard(&err)
	if len(src) > e.limits.Source {
		return nil, limitError("source", "an expression of more than %d bytes", e.limits.Source)
	}
	t := Template{env: e, source: source{text: strings.ReplaceAll(strings.ReplaceAll(validText(src), "\r\n", "\n"), "\r", "\n")}}
	p := &parser{env: e, src: &t.source, toks: lexExpression(&e.syntax, t.text), blocks: map[string]*blockStmt{}}
	root, err := p.parseAlone()
	if err != nil {
		return nil, err
	}
	t.mutates = p.mutates
	return &Expression{t: t, root: root}, nil
}

// guard turns a panic into an error: a mistake of ours in one template must not
// stop the server.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = errorf(RuntimeError, "internal error: %v", p)
	}
}

// session is all that one rendering needs, made at once because most are small.
type session struct {
	rt    runtime
	out   output
	frame frame
	root  scope
	space [128]byte // for the output, while it is enough
}

// start begins a rendering of a template.
func (e *Env) start(ctx context.Context, t *Template, vars Vars) *frame {
	s := &session{}
	s.out = output{buf: s.space[:0], limit: e.limits.Output}
	s.rt = runtime{
		env:        e,
		meter:      meter{limits: &e.limits, ctx: ctx, check: checkEvery},
		out:        &s.out,
		autoescape: e.autoescape,
		owns:       t.mutates || e.loader != nil,
	}
	if s.rt.owns && vars != nil {
		vars = &ownVars{vars: vars, copies: map[string]value.Value{}}
	}
	s.frame = frame{rt: &s.rt, tmpl: t, scope: &s.root, root: &s.root, vars: vars}
	s.frame.addBlocks(t)
	return &s.frame
}
