package schema

import (
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// The keywords that hold schemas.

func (c *compiler) ref(arg value.Value) (checkFunc, error) {
	name, ok := arg.(string)
	if !ok {
		return nil, nil
	}
	target, err := c.resolve(name)
	if err != nil {
		return nil, err
	}
	return func(r *run, v value.Value) { r.descend(target, v, nil, nil) }, nil
}

func (c *compiler) allOf(arg value.Value) (checkFunc, error) {
	subs, err := c.subs(arg)
	if err != nil || subs == nil {
		return nil, err
	}
	return func(r *run, v value.Value) {
		for i, n := range subs {
			r.descend(n, v, nil, i)
		}
	}, nil
}

func (c *compiler) anyOf(arg value.Value) (checkFunc, error) {
	subs, err := c.subs(arg)
	if err != nil || subs == nil {
		return nil, err
	}
	return func(r *run, v value.Value) { r.firstValid(subs, v) }, nil
}

// firstValid returns the place of the first schema that v fits. It is an error
// that there is none, which is then -1.
func (r *run) firstValid(subs []*node, v value.Value) int {
	var context []*Error
	for i, n := range subs {
		errs := r.aside(n, v, i)
		if len(errs) == 0 {
			return i
		}
		context = append(context, errs...)
	}
	e := r.failed(v, "%s is not valid under any of the given schemas", value.Repr(v))
	e.context = context
	r.errs = append(r.errs, e)
	return -1
}

func (c *compiler) oneOf(arg value.Value) (checkFunc, error) {
	subs, err := c.subs(arg)
	if err != nil || subs == nil {
		return nil, err
	}
	return func(r *run, v value.Value) {
		first := r.firstValid(subs, v)
		if first < 0 {
			return
		}
		var more []string
		for _, n := range subs[first+1:] {
			if len(r.aside(n, v, nil)) == 0 {
				more = append(more, value.Repr(n.dict))
			}
		}
		if more != nil {
			more = append(more, value.Repr(subs[first].dict))
			r.fail(v, "%s is valid under each of %s", value.Repr(v), strings.Join(more, ", "))
		}
	}, nil
}

func (c *compiler) not(arg value.Value) (checkFunc, error) {
	n, err := c.sub(arg)
	if err != nil {
		return nil, err
	}
	return func(r *run, v value.Value) {
		if len(r.aside(n, v, nil)) == 0 {
			r.fail(v, "%s should not be valid under %s", value.Repr(v), value.Repr(n.dict))
		}
	}, nil
}

// named is a schema with the name that it stands under.
type named struct {
	name     string
	n        *node
	required bool // as the property itself says, in StackStorm's way
}

func (c *compiler) named(arg value.Value) ([]named, error) {
	d, ok := arg.(*value.Dict)
	if !ok {
		return nil, nil
	}
	out := make([]named, 0, d.Len())
	for name, v := range d.Texts() {
		n, err := c.sub(v)
		if err != nil {
			return nil, err
		}
		req, _ := n.dict.Get("required")
		out = append(out, named{name, n, value.Truth(req) && !c.draft4})
	}
	return out, nil
}

func (c *compiler) properties(arg value.Value) (checkFunc, error) {
	props, err := c.named(arg)
	if err != nil || props == nil {
		return nil, err
	}
	return func(r *run, v value.Value) {
		d, ok := v.(*value.Dict)
		if !ok {
			return
		}
		for _, p := range props {
			if item, ok := d.Get(p.name); ok {
				r.descend(p.n, item, p.name, p.name)
				continue
			}
			if p.required {
				e := r.failed(v, "%s is a required property", value.Repr(p.name))
				e.Keyword = "required"
				e.Path = append(e.Path, p.name)
				e.schemaPath = append(e.schemaPath, p.name, "required")
				r.errs = append(r.errs, e)
			}
		}
	}, nil
}

// required is the list of Draft 4. In StackStorm's schemas only properties say
// that they are required.
func (c *compiler) required(arg value.Value) checkFunc {
	l, ok := arg.(*value.List)
	if !ok || !c.draft4 {
		return nil
	}
	return func(r *run, v value.Value) {
		d, ok := v.(*value.Dict)
		if !ok {
			return
		}
		for _, name := range l.Items {
			if s, ok := name.(string); ok && !d.Has(s) {
				r.fail(v, "%s is a required property", value.Repr(s))
			}
		}
	}
}

// patterned is a schema for the keys that match.
type patterned struct {
	pattern string
	matches func(string) bool
	n       *node
}

func (c *compiler) patterned(arg value.Value) ([]patterned, error) {
	props, err := c.named(arg)
	if err != nil {
		return nil, err
	}
	out := make([]patterned, 0, len(props))
	for _, p := range props {
		matches, err := compilePattern(p.name)
		if err != nil {
			return nil, err
		}
		out = append(out, patterned{p.name, matches, p.n})
	}
	return out, nil
}

func (c *compiler) patternProperties(arg value.Value) (checkFunc, error) {
	patterns, err := c.patterned(arg)
	if err != nil {
		return nil, err
	}
	return func(r *run, v value.Value) {
		d, ok := v.(*value.Dict)
		if !ok {
			return
		}
		for _, p := range patterns {
			for key, item := range d.Texts() {
				if p.matches(key) {
					r.descend(p.n, item, key, p.pattern)
				}
			}
		}
	}, nil
}

func (c *compiler) additionalProperties(arg value.Value, d *value.Dict) (checkFunc, error) {
	propsArg, _ := d.Get("properties")
	props, _ := propsArg.(*value.Dict)
	patternsArg, hasPatterns := d.Get("patternProperties")
	patterns, err := c.patterned(patternsArg)
	if err != nil {
		return nil, err
	}
	extras := func(instance *value.Dict) []value.Value {
		var out []value.Value
		for key := range instance.All() {
			name, ok := key.(string)
			if ok && (props != nil && props.Has(name) || slices.ContainsFunc(patterns, func(p patterned) bool { return p.matches(name) })) {
				continue
			}
			out = append(out, key)
		}
		return out
	}
	if sub, ok := arg.(*value.Dict); ok {
		n, err := c.node(sub)
		if err != nil {
			return nil, err
		}
		return func(r *run, v value.Value) {
			instance, ok := v.(*value.Dict)
			if !ok {
				return
			}
			for _, key := range extras(instance) {
				item, _, _ := instance.GetKey(key) // it is a key
				r.descend(n, item, key, nil)
			}
		}, nil
	}
	if value.Truth(arg) {
		return nil, nil
	}
	return func(r *run, v value.Value) {
		instance, ok := v.(*value.Dict)
		if !ok {
			return
		}
		found := extras(instance)
		if len(found) == 0 {
			return
		}
		slices.SortFunc(found, func(a, b value.Value) int { return strings.Compare(value.Str(a), value.Str(b)) })
		names, verb := extraNames(found)
		if !hasPatterns {
			e := r.failed(v, "Additional properties are not allowed (%s %s unexpected)", names, verb)
			e.unexpected = found
			r.errs = append(r.errs, e)
			return
		}
		does := "do"
		if len(found) == 1 {
			does = "does"
		}
		regexes := make([]value.Value, len(patterns))
		for i, p := range patterns {
			regexes[i] = p.pattern
		}
		slices.SortFunc(regexes, func(a, b value.Value) int { return strings.Compare(value.Str(a), value.Str(b)) })
		list, _ := extraNames(regexes)
		r.fail(v, "%s %s not match any of the regexes: %s", names, does, list)
	}, nil
}

func extraNames(items []value.Value) (list, verb string) {
	reprs := make([]string, len(items))
	for i, item := range items {
		reprs[i] = value.Repr(item)
	}
	verb = "were"
	if len(items) == 1 {
		verb = "was"
	}
	return strings.Join(reprs, ", "), verb
}

func (c *compiler) dependencies(arg value.Value) (checkFunc, error) {
	d, ok := arg.(*value.Dict)
	if !ok {
		return nil, nil
	}
	nodes := map[string]*node{}
	for name, dep := range d.Texts() {
		if sub, ok := dep.(*value.Dict); ok {
			n, err := c.node(sub)
			if err != nil {
				return nil, err
			}
			nodes[name] = n
		}
	}
	return func(r *run, v value.Value) {
		instance, ok := v.(*value.Dict)
		if !ok {
			return
		}
		for name, dep := range d.Texts() {
			if !instance.Has(name) {
				continue
			}
			if n := nodes[name]; n != nil {
				r.descend(n, v, nil, name)
				continue
			}
			for _, other := range types(dep) {
				if !instance.Has(other) {
					r.fail(v, "%s is a dependency of %s", value.Repr(other), value.Repr(name))
				}
			}
		}
	}, nil
}

func (c *compiler) items(arg value.Value) (checkFunc, error) {
	if l, ok := arg.(*value.List); ok {
		subs, err := c.subs(l)
		if err != nil {
			return nil, err
		}
		return func(r *run, v value.Value) {
			if list, ok := v.(*value.List); ok {
				for i, item := range list.Items[:min(len(subs), len(list.Items))] {
					r.descend(subs[i], item, i, i)
				}
			}
		}, nil
	}
	n, err := c.sub(arg)
	if err != nil {
		return nil, err
	}
	return func(r *run, v value.Value) {
		if list, ok := v.(*value.List); ok {
			for i, item := range list.Items {
				r.descend(n, item, i, nil)
			}
		}
	}, nil
}

func (c *compiler) additionalItems(arg value.Value, d *value.Dict) (checkFunc, error) {
	itemsArg, given := d.Get("items")
	fixed, ok := itemsArg.(*value.List)
	if given && !ok || !given {
		return nil, nil // one schema for all items, so there are no more
	}
	known := len(fixed.Items)
	if sub, ok := arg.(*value.Dict); ok {
		n, err := c.node(sub)
		if err != nil {
			return nil, err
		}
		return func(r *run, v value.Value) {
			if list, ok := v.(*value.List); ok {
				for i := known; i < len(list.Items); i++ {
					r.descend(n, list.Items[i], i, nil)
				}
			}
		}, nil
	}
	if value.Truth(arg) {
		return nil, nil
	}
	return func(r *run, v value.Value) {
		if list, ok := v.(*value.List); ok && len(list.Items) > known {
			names, verb := extraNames(list.Items[known:])
			r.fail(v, "Additional items are not allowed (%s %s unexpected)", names, verb)
		}
	}, nil
}
