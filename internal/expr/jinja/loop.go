package jinja

import (
	"context"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// loop is what is called loop in the body of a for.
type loop struct {
	stmt      *forStmt
	home      *frame // where the for is, for recursive calls
	list      *value.List
	items     []value.Value // if it is not over a list
	index     int
	depth     int
	last      value.Value // what changed was called with
	lastGiven bool
}

func (l *loop) len() int {
	if l.list != nil {
		return len(l.list.Items)
	}
	return len(l.items)
}

func (l *loop) item(i int) value.Value {
	if l.list != nil {
		return l.list.Items[i]
	}
	return l.items[i]
}

// TypeName implements [value.Object].
func (*loop) TypeName() string { return "LoopContext" }

// Len implements [value.Sized].
func (l *loop) Len() int { return l.len() }

// Str implements [value.Printer].
func (l *loop) Str() string { return l.Repr() }

// Repr implements [value.Printer].
func (l *loop) Repr() string {
	return "<LoopContext " + value.Str(int64(l.index+1)) + "/" + value.Str(int64(l.len())) + ">"
}

// GetAttr implements [value.Getter].
func (l *loop) GetAttr(_ context.Context, name string) (value.Value, bool, error) {
	n := l.len()
	switch name {
	case "index":
		return int64(l.index + 1), true, nil
	case "index0":
		return int64(l.index), true, nil
	case "revindex":
		return int64(n - l.index), true, nil
	case "revindex0":
		return int64(n - l.index - 1), true, nil
	case "first":
		return l.index == 0, true, nil
	case "last":
		return l.index >= n-1, true, nil
	case "length":
		return int64(n), true, nil
	case "depth":
		return int64(l.depth + 1), true, nil
	case "depth0":
		return int64(l.depth), true, nil
	case "previtem":
		if l.index > 0 && l.index <= n {
			return l.item(l.index - 1), true, nil
		}
		return l.missing("there is no previous item"), true, nil
	case "nextitem":
		if l.index+1 < n {
			return l.item(l.index + 1), true, nil
		}
		return l.missing("there is no next item"), true, nil
	case "cycle":
		return newBuiltin("cycle", func(_ context.Context, a *value.Args) (value.Value, error) {
			if len(a.Pos) == 0 {
				return nil, value.TypeError.Errorf("no items for cycling given")
			}
			return a.Pos[l.index%len(a.Pos)], nil
		}), true, nil
	case "changed":
		return newBuiltin("changed", func(_ context.Context, a *value.Args) (value.Value, error) {
			given := value.Tuple(append([]value.Value(nil), a.Pos...))
			changed := !l.lastGiven || !value.Equal(l.last, given)
			l.last, l.lastGiven = given, true
			return changed, nil
		}), true, nil
	}
	return nil, false, nil
}

func (l *loop) missing(why string) *Undefined {
	return l.home.undefinedHint("", "%s", why)
}

// Call implements [value.Callable].
func (l *loop) Call(context.Context, *value.Args) (value.Value, error) {
	return nil, value.TypeError.Errorf("The loop must have the 'recursive' marker to be called recursively.")
}

// callIn implements frameCaller: it runs the loop over other items.
func (l *loop) callIn(caller *frame, args *value.Args) (value.Value, error) {
	if !l.stmt.recursive {
		return l.Call(caller.rt.ctx, args)
	}
	if len(args.Pos) != 1 || len(args.Named) > 0 {
		return nil, value.TypeError.Errorf("loop() takes exactly one argument (%d given)", len(args.Pos)+len(args.Named))
	}
	f := *l.home
	if err := f.rt.deeper(); err != nil {
		return nil, err
	}
	defer func() { f.rt.depth-- }()
	return f.capture(func() error {
		_, err := l.stmt.over(&f, args.Pos[0], l.depth+1)
		return err
	})
}

func (s *forStmt) exec(f *frame) (signal, error) {
	v, err := f.operand(s.iter)
	if err != nil {
		return done, err
	}
	sig, err := s.over(f, v, 0)
	if err != nil {
		return done, f.fail(s.iter.at(), err)
	}
	return sig, nil
}

// over runs the body for each item of v.
func (s *forStmt) over(f *frame, v value.Value, depth int) (signal, error) {
	l := &loop{stmt: s, home: f, depth: depth}
	outer := f.scope
	defer func() { f.scope = outer }()
	var err error
	if list, ok := v.(*value.List); ok && s.test == nil {
		l.list = list
	} else if l.items, err = value.Items(f.rt.ctx, v); err != nil {
		return done, err
	} else if s.test != nil {
		if l.items, err = s.filter(f, l.items); err != nil {
			return done, err
		}
	}
	if l.len() == 0 {
		return f.runInner(s.els)
	}
	if s.recursive { // the frame that loop() copies must not change
		at := *f
		l.home = &at
	}
	var inner *scope
	for ; l.index < l.len(); l.index++ {
		if err := f.rt.spend(1); err != nil {
			return done, f.fail(s.pos, err)
		}
		if inner == nil || inner.kept {
			inner = &scope{parent: outer, vars: make([]binding, 0, 4)}
		}
		inner.vars = inner.vars[:0]
		inner.vars = append(inner.vars, binding{name: "loop", val: l})
		f.scope = inner
		if err := f.assign(&s.target, l.item(l.index)); err != nil {
			return done, err
		}
		sig, err := f.run(s.body)
		if err != nil {
			return done, err
		}
		if sig == breaks {
			break
		}
	}
	return done, nil
}

// filter returns the items for which the test of the for holds. The test sees
// the item, but no loop.
func (s *forStmt) filter(f *frame, items []value.Value) ([]value.Value, error) {
	outer := f.scope
	defer func() { f.scope = outer }()
	var kept []value.Value
	for _, item := range items {
		if err := f.rt.spend(1); err != nil {
			return nil, f.fail(s.pos, err)
		}
		f.scope = &scope{parent: outer}
		if err := f.assign(&s.target, item); err != nil {
			return nil, err
		}
		ok, err := f.truth(s.test)
		if err != nil {
			return nil, err
		}
		if ok {
			kept = append(kept, item)
		}
	}
	return kept, nil
}
