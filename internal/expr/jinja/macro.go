package jinja

import (
	"context"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// macro is a macro, or the body of a call block, as a function.
type macro struct {
	stmt       *macroStmt
	home       frame // where it was defined
	autoescape bool  // as it was there
}

// TypeName implements [value.Object].
func (*macro) TypeName() string { return "Macro" }

// Str implements [value.Printer].
func (m *macro) Str() string { return m.Repr() }

// Repr implements [value.Printer].
func (m *macro) Repr() string { return "<Macro " + value.Repr(m.stmt.name) + ">" }

// Call implements [value.Callable].
func (m *macro) Call(_ context.Context, args *value.Args) (value.Value, error) {
	return m.invoke(&m.home, args)
}

// GetAttr implements [value.Getter].
func (m *macro) GetAttr(_ context.Context, name string) (value.Value, bool, error) {
	switch name {
	case "name":
		return m.stmt.name, true, nil
	case "arguments":
		names := make(value.Tuple, len(m.stmt.params))
		for i, p := range m.stmt.params {
			names[i] = p
		}
		return names, true, nil
	case "catch_kwargs":
		return m.stmt.kwargs, true, nil
	case "catch_varargs":
		return m.stmt.varargs, true, nil
	case "caller":
		return m.stmt.caller, true, nil
	}
	return nil, false, nil
}

// invoke runs the macro and returns what it prints. The result is safe text if
// the caller escapes.
func (m *macro) invoke(caller *frame, args *value.Args) (value.Value, error) {
	rt := caller.rt
	if err := rt.deeper(); err != nil {
		return nil, err
	}
	defer func() { rt.depth-- }()
	f := m.home
	f.rt = rt
	f.scope = &scope{parent: m.home.scope, vars: make([]binding, 0, len(m.stmt.params)+1)}
	if err := m.bind(&f, args); err != nil {
		return nil, err
	}
	outer := rt.autoescape
	rt.autoescape = m.autoescape
	v, err := f.capture(func() error {
		_, err := f.run(m.stmt.body)
		return err
	})
	rt.autoescape = outer
	if err != nil {
		return nil, err
	}
	switch s := v.(type) {
	case string:
		if outer {
			return value.Markup(s), nil
		}
	case value.Markup:
		if !outer {
			return string(s), nil
		}
	}
	return v, nil
}

// bind sets the parameters.
func (m *macro) bind(f *frame, args *value.Args) error {
	s := m.stmt
	n := min(len(args.Pos), len(s.params))
	given := make([]value.Value, len(s.params))
	set := make([]bool, len(s.params))
	for i := range n {
		given[i], set[i] = args.Pos[i], true
	}
	more := value.NewDict()
	var caller value.Value
	hasCaller := false
	for _, named := range args.Named {
		at := -1
		for i, p := range s.params {
			if p == named.Name {
				at = i
			}
		}
		switch {
		case at >= 0 && set[at]:
			return value.TypeError.Errorf("macro '%s' got multiple values for argument '%s'", s.name, named.Name)
		case at >= 0:
			given[at], set[at] = named.Value, true
		case named.Name == "caller" && s.caller:
			caller, hasCaller = named.Value, true
		default:
			more.Set(named.Name, named.Value)
		}
	}
	if err := m.bindParams(f, given, set); err != nil {
		return err
	}
	switch {
	case s.caller && hasCaller:
		f.scope.set("caller", caller)
	case s.caller:
		f.scope.set("caller", f.undefinedHint("", "No caller defined"))
	}
	if s.kwargs {
		f.scope.set("kwargs", more)
	} else if more.Len() > 0 {
		if more.Has("caller") {
			return value.TypeError.Errorf("macro '%s' was invoked with two values for the special caller argument. This is most likely a bug.", s.name)
		}
		return value.TypeError.Errorf("macro '%s' takes no keyword argument %s", s.name, value.Repr(more.Keys()[0]))
	}
	if s.varargs {
		f.scope.set("varargs", append(value.Tuple{}, args.Pos[n:]...))
	} else if len(args.Pos) > n {
		return value.TypeError.Errorf("macro '%s' takes not more than %d argument(s)", s.name, len(s.params))
	}
	return nil
}

func (m *macro) bindParams(f *frame, given []value.Value, set []bool) error {
	s := m.stmt
	without := len(s.params) - len(s.defaults)
	for i, p := range s.params {
		if set[i] {
			f.scope.set(p, given[i])
		}
	}
	for i, p := range s.params {
		switch {
		case set[i]:
		case i < without:
			f.scope.set(p, f.undefinedHint("", "parameter %s was not provided", value.Repr(p)))
		default:
			v, err := s.defaults[i-without].eval(f)
			if err != nil {
				return err
			}
			f.scope.set(p, v)
		}
	}
	return nil
}
