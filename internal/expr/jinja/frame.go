package jinja

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Vars are the variables that a template is given. A *value.Dict is one.
type Vars interface {
	Get(name string) (value.Value, bool)
}

// Map is variables in a map.
type Map map[string]value.Value

// Get implements [Vars].
func (m Map) Get(name string) (value.Value, bool) {
	v, ok := m[name]
	return v, ok
}

// lister is variables that can name themselves, for messages.
type lister interface{ Names() []string }

// Names returns the names of the variables.
func (m Map) Names() []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	return names
}

// layers are variables over others.
type layers struct {
	top *value.Dict
	low Vars
}

// Get implements [Vars].
func (l layers) Get(name string) (value.Value, bool) {
	if v, ok := l.top.Get(name); ok {
		return v, true
	}
	if l.low == nil {
		return nil, false
	}
	return l.low.Get(name)
}

// Names implements lister.
func (l layers) Names() []string { return append(keysOf(l.top), namesOf(l.low)...) }

func namesOf(v Vars) []string {
	switch v := v.(type) {
	case *value.Dict:
		return keysOf(v)
	case lister:
		return v.Names()
	}
	return nil
}

// runtime is what all parts of one rendering share.
type runtime struct {
	env *Env
	meter
	out        *output
	autoescape bool
	owns       bool // what it is given it copies, so that templates may change it
}

// scope holds the variables of a body. What a body does not set it finds in the
// scopes around it.
type scope struct {
	parent *scope
	vars   []binding
	kept   bool // a macro refers to it, so that it can't be used again
}

type binding struct {
	name     string
	val      value.Value
	imported bool // so that it is not exported again
}

func (s *scope) set(name string, v value.Value) {
	for i := range s.vars {
		if s.vars[i].name == name {
			s.vars[i] = binding{name: name, val: v}
			return
		}
	}
	s.vars = append(s.vars, binding{name: name, val: v})
}

// setImported sets what comes from another template.
func (s *scope) setImported(name string, v value.Value) {
	s.set(name, v)
	for i := range s.vars {
		if s.vars[i].name == name {
			s.vars[i].imported = true
		}
	}
}

func (s *scope) get(name string) (value.Value, bool) {
	for ; s != nil; s = s.parent {
		for i := range s.vars {
			if s.vars[i].name == name {
				return s.vars[i].val, true
			}
		}
	}
	return nil, false
}

// frame is where an evaluation is: in which template, which scopes, and which
// block.
type frame struct {
	rt     *runtime
	tmpl   *Template
	scope  *scope
	root   *scope // of the template: what it sets at its top level
	vars   Vars   // given
	blocks map[string][]*boundBlock
	block  *boundBlock // the block being rendered, if any
	parent *Template   // that the template extends
}

// boundBlock is a block with the template that defines it.
type boundBlock struct {
	stmt *blockStmt
	tmpl *Template
	name string
	at   int // in the list of blocks with the name; the next one is its super
}

// lookup returns the value of a variable.
func (f *frame) lookup(name string) (value.Value, bool) {
	if v, ok := f.scope.get(name); ok {
		return v, true
	}
	if name == "self" {
		return &selfObject{f}, true
	}
	if f.vars != nil {
		if v, ok := f.vars.Get(name); ok {
			return v, true
		}
	}
	v, ok := f.rt.env.globals[name]
	if f.rt.owns {
		v = value.Copy(v)
	}
	return v, ok
}

// known returns the names of all variables, for messages.
func (f *frame) known() []string {
	var names []string
	for s := f.scope; s != nil; s = s.parent {
		for _, b := range s.vars {
			names = append(names, b.name)
		}
	}
	names = append(names, namesOf(f.vars)...)
	for name := range f.rt.env.globals {
		names = append(names, name)
	}
	return names
}

// inner begins a scope; the function ends it.
func (f *frame) inner() (leave func()) {
	outer := f.scope
	f.scope = &scope{parent: outer}
	return func() { f.scope = outer }
}

// assign sets what a target names.
func (f *frame) assign(t *target, v value.Value) error {
	switch {
	case t.items != nil:
		items, err := value.Unpack(f.rt.ctx, v, len(t.items))
		if err != nil {
			return f.fail(t.pos, err)
		}
		for i := range t.items {
			if err := f.assign(&t.items[i], items[i]); err != nil {
				return err
			}
		}
		return nil
	case t.attr != "":
		ns, ok := f.lookup(t.name)
		if n, isNS := ns.(*namespace); ok && isNS {
			n.attrs.Set(t.attr, v)
			return nil
		}
		return f.fail(t.pos, errorf(RuntimeError, "cannot assign attribute on non-namespace object"))
	}
	f.scope.set(t.name, v)
	return nil
}

// locals returns all variables of the scopes around, as includes see them.
func (f *frame) locals() *value.Dict {
	d := value.NewDict()
	var collect func(s *scope)
	collect = func(s *scope) {
		if s == nil {
			return
		}
		collect(s.parent)
		for _, b := range s.vars {
			d.Set(b.name, b.val)
		}
	}
	collect(f.scope)
	return d
}

// fail gives an error the position of a node, unless it has one.
func (f *frame) fail(pos int, err error) error {
	e := asError(err)
	if e.Line == 0 {
		at := *e
		at.locate(&f.tmpl.source, pos)
		return &at
	}
	return e
}
