package jinja

// Variables returns the names that the template takes from its variables, in the
// order in which they are first needed: what it sets itself before, and what all
// templates have, is left out. It is what jinja2.meta.find_undeclared_variables
// returns.
func (t *Template) Variables() []string {
	a := analysis{env: t.env, seen: map[string]bool{}}
	a.inner(nil, t.body, nil)
	for _, b := range t.blockOrder() {
		a.inner(nil, b.body, func(in *names) { in.declare("super") })
	}
	return a.found
}

// Variables returns the names that the expression takes from its variables: see
// [Template.Variables].
func (x *Expression) Variables() []string {
	a := analysis{env: x.t.env, seen: map[string]bool{}}
	s := newNames(nil)
	a.expr(s, x.root)
	a.flush(s)
	return a.found
}

// blockOrder returns the blocks in the order of the source.
func (t *Template) blockOrder() []*blockStmt {
	var out []*blockStmt
	for _, b := range t.blocks {
		i := len(out)
		for i > 0 && out[i-1].pos > b.pos {
			i--
		}
		out = append(out[:i], append([]*blockStmt{b}, out[i:]...)...)
	}
	return out
}

// names is what is known of the names in one scope. The scopes inside of it are
// looked at when all of it is known, also what comes behind them: so Jinja does.
type names struct {
	parent *names
	scope  *names          // itself, or of which it is a branch
	base   *names          // what it is a branch of; it has what that has, too
	later  []func()        // the scopes inside
	known  map[string]bool // the scope has a place for the name
	loads  map[string]bool // the name is taken from the variables
	order  []string        // of loads
	stores map[string]bool
}

func newNames(parent *names) *names {
	s := &names{parent: parent, known: map[string]bool{}, loads: map[string]bool{}, stores: map[string]bool{}}
	s.scope = s
	return s
}

// find reports whether a scope around has a place for the name.
func (s *names) find(name string) bool {
	for ; s != nil; s = s.parent {
		if s.has(name, func(s *names) map[string]bool { return s.known }) {
			return true
		}
	}
	return false
}

// has reports whether one of the maps of s, or of what it is a branch of, has the
// name.
func (s *names) has(name string, of func(*names) map[string]bool) bool {
	for ; s != nil; s = s.base {
		if of(s)[name] {
			return true
		}
	}
	return false
}

func (s *names) stored(name string) bool {
	return s.has(name, func(s *names) map[string]bool { return s.stores })
}

func (s *names) declare(name string) {
	s.known[name] = true
	s.stores[name] = true
}

func (s *names) load(name string) {
	if !s.find(name) {
		s.resolve(name)
	}
}

func (s *names) resolve(name string) {
	s.known[name] = true
	if !s.has(name, func(s *names) map[string]bool { return s.loads }) {
		s.loads[name] = true
		s.order = append(s.order, name)
	}
}

func (s *names) store(name string) {
	s.stores[name] = true
	s.known[name] = true
}

// branch returns the names on one of several ways that a template may go.
func (s *names) branch() *names {
	b := newNames(s.parent)
	b.scope, b.base = s.scope, s
	return b
}

// join takes over what the ways found. A name that only some of them set is taken
// from the variables on the others.
func (s *names) join(branches ...*names) {
	count := map[string]int{}
	var order []string
	for _, b := range branches {
		for n := range b.stores {
			if !s.stored(n) {
				if count[n] == 0 {
					order = append(order, n)
				}
				count[n]++
			}
		}
	}
	for _, b := range branches {
		for n := range b.known {
			s.known[n] = true
		}
		for _, n := range b.order {
			s.resolve(n)
		}
	}
	for _, n := range order {
		s.stores[n] = true
		if count[n] < len(branches) && !s.parent.find(n) {
			s.resolve(n)
		}
	}
}

// analysis walks through a template.
type analysis struct {
	env   *Env
	seen  map[string]bool
	found []string
}

// flush ends a scope.
func (a *analysis) flush(s *names) {
	for _, n := range s.order {
		if _, global := a.env.globals[n]; !global && !a.seen[n] && n != "self" {
			a.seen[n] = true
			a.found = append(a.found, n)
		}
	}
	for _, look := range s.later {
		look()
	}
}

// inner walks through a body in a scope of its own, in which declare may declare
// names.
func (a *analysis) inner(s *names, body []stmt, declare func(in *names)) {
	look := func() {
		var outer *names
		if s != nil {
			outer = s.scope
		}
		in := newNames(outer)
		if declare != nil {
			declare(in)
		}
		a.stmts(in, body)
		a.flush(in)
	}
	if s == nil {
		look()
		return
	}
	s.scope.later = append(s.scope.later, look)
}

func (a *analysis) expr(s *names, x expr) {
	if n, ok := x.(*nameExpr); ok {
		s.load(n.name)
		return
	}
	operands(x, func(x expr) { a.expr(s, x) })
}

func (a *analysis) exprs(s *names, xs ...expr) {
	for _, x := range xs {
		if x != nil {
			a.expr(s, x)
		}
	}
}

func (a *analysis) target(s *names, t *target) {
	if t.attr != "" {
		s.load(t.name)
	}
	for i := range t.items {
		if t.items[i].attr != "" {
			s.load(t.items[i].name)
		}
	}
	t.names(s.store)
}

func (a *analysis) stmts(s *names, body []stmt) {
	for _, x := range body {
		a.stmt(s, x)
	}
}

func (a *analysis) stmt(s *names, x stmt) {
	switch x := x.(type) {
	case *printStmt:
		a.expr(s, x.x)
	case *doStmt:
		a.expr(s, x.x)
	case *ifStmt:
		a.ifStmt(s, x)
	case *forStmt:
		a.forStmt(s, x)
	case *setStmt:
		a.expr(s, x.x)
		a.target(s, &x.target)
	case *setBlockStmt:
		a.target(s, &x.target)
		a.inner(s, x.body, func(in *names) {
			if x.filter != nil {
				a.expr(in, x.filter)
			}
		})
	case *macroStmt:
		s.store(x.name)
		a.macro(s, x)
	case *callStmt:
		a.expr(s, x.call)
		a.macro(s, x.caller)
	case *filterStmt:
		a.expr(s, x.filter)
		a.inner(s, x.body, nil)
	case *withStmt:
		a.exprs(s, x.vals...)
		a.inner(s, x.body, func(in *names) {
			for i := range x.targets {
				x.targets[i].names(in.declare)
			}
		})
	case *includeStmt:
		a.expr(s, x.template)
	case *importStmt:
		a.expr(s, x.template)
		s.store(x.as)
	case *fromStmt:
		a.expr(s, x.template)
		for _, n := range x.as {
			s.store(n)
		}
	case *extendsStmt:
		a.expr(s, x.template)
	case *autoescapeStmt:
		a.inner(s, x.body, func(in *names) { a.expr(in, x.on) })
	}
}

func (a *analysis) ifStmt(s *names, x *ifStmt) {
	a.expr(s, x.tests[0])
	// Jinja counts three ways, also where there is no elif, and all of them as one:
	// so what is set by if and else alone is still taken from the variables.
	body, elifs, els := s.branch(), s.branch(), s.branch()
	a.stmts(body, x.bodies[0])
	for i, b := range x.bodies[1:] {
		a.expr(elifs, x.tests[i+1])
		one := elifs.branch()
		a.stmts(one, b)
		elifs.join(one, elifs.branch(), elifs.branch())
	}
	a.stmts(els, x.els)
	s.join(body, elifs, els)
}

func (a *analysis) forStmt(s *names, x *forStmt) {
	a.expr(s, x.iter)
	if x.test != nil {
		a.inner(s, nil, func(in *names) {
			x.target.names(in.declare)
			a.expr(in, x.test)
		})
	}
	a.inner(s, x.body, func(in *names) {
		in.declare("loop")
		x.target.names(in.declare)
	})
	a.inner(s, x.els, nil)
}

func (a *analysis) macro(s *names, m *macroStmt) {
	a.inner(s, m.body, func(in *names) {
		for _, p := range m.params {
			in.declare(p)
		}
		a.exprs(in, m.defaults...)
		for _, special := range []string{"caller", "varargs", "kwargs"} {
			in.declare(special)
		}
	})
}
