package jinja

import (
	"slices"

	"github.com/nightshift-run/nightshift/internal/near"
)

// checker looks for filters and tests that there are none of. Where an if may
// leave them out, that is an error only when they are used.
type checker struct {
	p    *parser
	soft bool
	err  error
}

// check returns the first mistake in a body.
func (p *parser) check(body []stmt) error {
	c := checker{p: p}
	c.stmts(body)
	return c.err
}

func (c *checker) missing(pos int, what, name string, names []string) {
	if c.err != nil {
		return
	}
	slices.Sort(names)
	e := errorf(AssertionError, "No %s named '%s'.", what, name)
	e.locate(c.p.src, pos)
	if meant := near.Name(name, names); meant != "" {
		e.Hint = "did you mean '" + meant + "'?"
	}
	c.err = e
}

func (c *checker) expr(x expr) {
	if x == nil || c.err != nil {
		return
	}
	switch n := x.(type) {
	case *condExpr:
		outer := c.soft
		c.soft = true
		operands(x, c.expr)
		c.soft = outer
		return
	case *filterExpr:
		if n != nil && n.fn == nil && !c.soft {
			c.missing(n.pos, "filter", n.name, keys(c.p.env.filters))
		}
	case *testExpr:
		if n.fn == nil && !c.soft {
			c.missing(n.pos, "test", n.name, keys(c.p.env.tests))
		}
	}
	operands(x, c.expr)
}

func keys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	return names
}

// inner checks a body that is not part of the if around it, as far as Jinja is
// concerned.
func (c *checker) inner(body []stmt) {
	outer := c.soft
	c.soft = false
	c.stmts(body)
	c.soft = outer
}

func (c *checker) exprs(xs ...expr) {
	for _, x := range xs {
		c.expr(x)
	}
}

func (c *checker) stmts(body []stmt) {
	for _, s := range body {
		if c.err != nil {
			return
		}
		c.stmt(s)
	}
}

// callerParam refuses a parameter that is named caller but cannot be left out.
func (c *checker) callerParam(s *macroStmt) {
	required := s.params[:len(s.params)-len(s.defaults)]
	if slices.Contains(required, "caller") && c.err == nil {
		c.err = c.p.failAt(AssertionError, s.pos, "When defining macros or call blocks the special \"caller\" argument must be omitted or be given a default.")
	}
}

func (c *checker) stmt(s stmt) {
	switch s := s.(type) {
	case *printStmt:
		c.expr(s.x)
	case *doStmt:
		c.expr(s.x)
	case *forStmt:
		s.target.names(func(name string) {
			if name == "loop" && c.err == nil {
				c.err = c.p.failAt(AssertionError, s.target.pos, "Can't assign to special loop variable in for-loop target")
			}
		})
		c.exprs(s.iter, s.test)
		c.inner(s.body)
		c.inner(s.els)
	case *ifStmt:
		outer := c.soft
		c.soft = true
		c.exprs(s.tests...)
		for _, b := range s.bodies {
			c.stmts(b)
		}
		c.stmts(s.els)
		c.soft = outer
	case *setStmt:
		c.expr(s.x)
	case *setBlockStmt:
		c.inner(s.body)
		if s.filter != nil {
			c.expr(s.filter)
		}
	case *macroStmt:
		c.callerParam(s)
		c.exprs(s.defaults...)
		c.inner(s.body)
	case *callStmt:
		c.expr(s.call)
		c.stmt(s.caller)
	case *filterStmt:
		c.expr(s.filter)
		c.inner(s.body)
	case *withStmt:
		c.exprs(s.vals...)
		c.inner(s.body)
	case *includeStmt:
		c.expr(s.template)
	case *importStmt:
		c.expr(s.template)
	case *fromStmt:
		c.expr(s.template)
	case *extendsStmt:
		c.expr(s.template)
	case *blockStmt:
		c.inner(s.body)
	case *autoescapeStmt:
		c.expr(s.on)
		c.inner(s.body)
	}
}
