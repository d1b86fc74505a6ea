package jinja

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// A template may change lists, dicts and sets, but what it is given may be shared
// with others that read it at the same time. Which templates can change anything
// is seen when they are parsed; these work on copies of what they look up, and
// all others cannot change anything.

// ownVars are variables that belong to one rendering: each is copied when it is
// first looked up.
type ownVars struct {
	vars   Vars
	copies map[string]value.Value
}

// Get implements [Vars].
func (o *ownVars) Get(name string) (value.Value, bool) {
	if v, ok := o.copies[name]; ok {
		return v, true
	}
	v, ok := o.vars.Get(name)
	if ok {
		v = value.Copy(v)
		o.copies[name] = v
	}
	return v, ok
}

// Names implements lister.
func (o *ownVars) Names() []string { return namesOf(o.vars) }

// mayMutate reports whether the template may change lists, dicts and sets.
func (f *frame) mayMutate() bool { return f.rt.owns && f.rt.env.sandbox != sandboxImmutable }

// foreign reports whether obj is a thing of the program that has no values of
// the rendering in it.
func foreign(obj value.Value) bool {
	switch obj.(type) {
	case *value.NamedTuple, *value.Record, *Undefined, *namespace, *loop, *macro, *module, *cycler, *blockRef, *selfObject, *value.Method:
		return false
	case *value.Func, value.Getter:
		return true
	}
	return false
}

// isMutator reports whether a method of the name changes what it is called on.
func isMutator(name string) bool {
	switch name {
	case "append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove", "popitem", "setdefault", "update",
		"add", "discard", "difference_update", "symmetric_difference_update", "intersection_update":
		return true
	}
	return false
}

// mutates reports whether a method changes the list, dict or set.
func mutates(obj value.Value, name string) bool {
	switch obj.(type) {
	case *value.List, *value.Dict, *value.Set:
		return isMutator(name) && value.HasMethod(obj, name)
	}
	return false
}

// builtin is a function of this package. What it returns may well be a value of
// the rendering, and is not copied.
type builtin struct{ *value.Func }

func newBuiltin(name string, fn value.Fn) builtin { return builtin{value.NewFunc(name, fn)} }
