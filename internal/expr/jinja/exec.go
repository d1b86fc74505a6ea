package jinja

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// run executes a body.
func (f *frame) run(body []stmt) (signal, error) {
	for _, s := range body {
		if sig, err := s.exec(f); err != nil || sig != done {
			return sig, err
		}
	}
	return done, nil
}

// runInner executes a body in a scope of its own.
func (f *frame) runInner(body []stmt) (signal, error) {
	defer f.inner()()
	return f.run(body)
}

func (s *dataStmt) exec(f *frame) (signal, error) {
	if err := f.rt.out.text(s.text); err != nil {
		return done, f.fail(s.pos, err)
	}
	return done, nil
}

func (s *printStmt) exec(f *frame) (signal, error) {
	v, err := s.x.eval(f)
	if err == nil {
		err = f.print(v)
	}
	if err != nil {
		return done, f.fail(s.x.at(), err)
	}
	return done, nil
}

func (s *doStmt) exec(f *frame) (signal, error) {
	_, err := s.x.eval(f)
	return done, err
}

func (s *breakStmt) exec(*frame) (signal, error)    { return breaks, nil }
func (s *continueStmt) exec(*frame) (signal, error) { return continues, nil }

func (s *ifStmt) exec(f *frame) (signal, error) {
	for i, test := range s.tests {
		ok, err := f.truth(test)
		if err != nil {
			return done, err
		}
		if ok {
			return f.run(s.bodies[i])
		}
	}
	return f.run(s.els)
}

func (s *setStmt) exec(f *frame) (signal, error) {
	v, err := s.x.eval(f)
	if err != nil {
		return done, err
	}
	return done, f.assign(&s.target, v)
}

func (s *setBlockStmt) exec(f *frame) (signal, error) {
	v, err := f.capture(func() error {
		_, err := f.runInner(s.body)
		return err
	})
	if err == nil && s.filter != nil {
		v, err = f.filterBlock(s.filter, v)
	}
	if err != nil {
		return done, f.fail(s.pos, err)
	}
	return done, f.assign(&s.target, v)
}

// filterBlock puts what a block printed through its filters.
func (f *frame) filterBlock(x *filterExpr, v value.Value) (value.Value, error) {
	if inner, ok := x.in.(*filterExpr); ok {
		var err error
		if v, err = f.filterBlock(inner, v); err != nil {
			return nil, err
		}
	}
	return x.apply(f, v)
}

func (s *filterStmt) exec(f *frame) (signal, error) {
	v, err := f.capture(func() error {
		_, err := f.runInner(s.body)
		return err
	})
	if err == nil {
		v, err = f.filterBlock(s.filter, v)
	}
	if err == nil {
		err = f.print(v)
	}
	if err != nil {
		return done, f.fail(s.pos, err)
	}
	return done, nil
}

func (s *withStmt) exec(f *frame) (signal, error) {
	vals, err := f.evalAll(s.vals)
	if err != nil {
		return done, f.fail(s.pos, err)
	}
	defer f.inner()()
	for i := range s.targets {
		if err := f.assign(&s.targets[i], vals[i]); err != nil {
			return done, err
		}
	}
	return f.run(s.body)
}

func (s *autoescapeStmt) exec(f *frame) (signal, error) {
	v, err := s.on.eval(f)
	if err != nil {
		return done, err
	}
	outer := f.rt.autoescape
	f.rt.autoescape = value.Truth(v)
	sig, err := f.runInner(s.body)
	f.rt.autoescape = outer
	return sig, err
}

func (s *macroStmt) exec(f *frame) (signal, error) {
	f.keepScopes()
	f.scope.set(s.name, &macro{stmt: s, home: *f, autoescape: f.rt.autoescape})
	return done, nil
}

func (s *callStmt) exec(f *frame) (signal, error) {
	f.keepScopes()
	args, err := f.arguments(&s.call.args, "macro")
	if err != nil {
		return done, err
	}
	withCaller := &value.Args{Name: args.Name, Pos: args.Pos, Named: make([]value.Named, 0, len(args.Named)+1)}
	withCaller.Named = append(append(withCaller.Named, args.Named...),
		value.Named{Name: "caller", Value: &macro{stmt: s.caller, home: *f, autoescape: f.rt.autoescape}})
	fn, err := s.call.fn.eval(f)
	if err != nil {
		return done, err
	}
	v, err := f.call(fn, withCaller)
	if err == nil {
		err = f.print(v)
	}
	if err != nil {
		return done, f.fail(s.call.pos, err)
	}
	return done, nil
}

// keepScopes marks the scopes that a macro refers to.
func (f *frame) keepScopes() {
	for s := f.scope; s != nil && !s.kept; s = s.parent {
		s.kept = true
	}
}
