package chain

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/near"
	"github.com/nightshift-run/nightshift/internal/notify"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
)

// reader reads one definition.
type reader struct {
	doc   *pyyaml.Document // nil: it was read as JSON, and has no places
	found []Mistake
	d     definition
	order []*node // as written
	index []int   // the place of each in the list

	actions Actions // that there are; nil: they are not looked at
}

// read returns the definition in a text, with what is wrong with it. What is
// returned beside mistakes that are no warnings is not to be used.
func read(text []byte, actions Actions) (*definition, []Mistake) {
	r := &reader{d: definition{nodes: map[string]*node{}}, actions: actions}
	root := r.parse(text)
	if root == nil {
		return nil, r.found
	}
	r.top(root)
	slices.SortStableFunc(r.found, func(a, b Mistake) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column)
	})
	return &r.d, r.found
}

// parse returns the mapping that the text is, or nil.
func (r *reader) parse(text []byte) *value.Dict {
	isJSON := json.Valid(text)
	if isJSON {
		// Tabs can only be between the values of JSON, where YAML has none of them.
		text = bytes.ReplaceAll(text, []byte("\t"), []byte(" "))
	}
	var root value.Value
	doc, err := pyyaml.Parse(text)
	switch {
	case err == nil:
		r.doc, root = doc, doc.Value
		for _, w := range doc.Warnings {
			r.found = append(r.found, Mistake{Line: w.Line, Column: w.Column, Warning: true, Msg: w.Msg})
		}
	case isJSON: // with an escape that YAML has not
		if root, err = value.FromJSON(text); err != nil {
			r.wrong(nil, "", "%v", err)
			return nil
		}
	default:
		for _, e := range pyyaml.Errors(err) {
			r.found = append(r.found, Mistake{Line: e.Line, Column: e.Column, Msg: e.Msg})
		}
		return nil
	}
	d, ok := root.(*value.Dict)
	switch {
	case root == nil:
		r.wrong(nil, "", "the file is empty")
		return nil
	case !ok:
		r.wrong(nil, "", "the file holds %s, not a mapping", typeOf(root))
		return nil
	}
	if _, err := value.ToJSON(d); err != nil {
		r.wrong(nil, "", "a value in the file cannot be kept: %v", err)
		return nil
	}
	return d
}

func (r *reader) add(m Mistake, key bool, path []any) {
	m.Line, m.Column = 1, 1
	switch {
	case r.doc == nil:
	case key:
		m.Line, m.Column = r.doc.KeyPos(path...)
	default:
		m.Line, m.Column = r.doc.Pos(path...)
	}
	r.found = append(r.found, m)
}

func (r *reader) wrong(path []any, hint, format string, args ...any) {
	r.add(Mistake{Msg: fmt.Sprintf(format, args...), Hint: hint}, false, path)
}

func (r *reader) warn(path []any, hint, format string, args ...any) {
	r.add(Mistake{Msg: fmt.Sprintf(format, args...), Hint: hint, Warning: true}, true, path)
}

// top reads the definition as a whole.
func (r *reader) top(root *value.Dict) {
	known := []string{"chain", "default", "vars"}
	for _, k := range root.Keys() {
		if name := value.Str(k); !slices.Contains(known, name) {
			r.add(Mistake{Msg: fmt.Sprintf("unknown key %q", name), Hint: orKnown(name, known)}, true, []any{k})
		}
	}
	r.d.vars = r.fields(root, nil, "vars")
	list, ok := get(root, "chain").(*value.List)
	switch {
	case !root.Has("chain"):
		r.wrong(nil, "", "chain is missing")
	case !ok:
		r.wrong([]any{"chain"}, "", "chain is %s, not a list of tasks", typeOf(get(root, "chain")))
	case list.Len() == 0:
		r.wrong([]any{"chain"}, "", "chain has no tasks")
	}
	if list != nil {
		for i, item := range list.Items {
			r.node(i, item)
		}
	}
	r.first(root)
	for i, n := range r.order {
		r.leads(n.onSuccess, []any{"chain", r.index[i], "on-success"})
		r.leads(n.onFailure, []any{"chain", r.index[i], "on-failure"})
	}
	r.unreached()
}

func (r *reader) node(i int, item value.Value) {
	path := []any{"chain", i}
	d, ok := item.(*value.Dict)
	if !ok {
		r.wrong(path, "", "a task is a mapping with name and ref, not %s", typeOf(item))
		return
	}
	known := []string{"name", "ref", "params", "parameters", "on-success", "on-failure", "publish", "notify", "description"}
	for _, k := range d.Keys() {
		if name := value.Str(k); !slices.Contains(known, name) {
			r.warn([]any{"chain", i, k}, orKnown(name, known), "unknown key %q, which does nothing", name)
		}
	}
	n := &node{
		name:      r.need(d, path, "name"),
		ref:       r.need(d, path, "ref"),
		publish:   r.fields(d, path, "publish"),
		onSuccess: r.target(d, path, "on-success"),
		onFailure: r.target(d, path, "on-failure"),
		notify:    r.notify(d, path),
		spec:      specOf(d),
	}
	params, old := r.fields(d, path, "parameters"), r.fields(d, path, "params")
	if len(params) > 0 && len(old) > 0 {
		r.add(Mistake{Msg: "params and parameters are two names of the same, and both are given", Hint: "put all into parameters"},
			true, at(path, "params"))
	}
	if n.parameters = params; len(params) == 0 {
		n.parameters = old
	}
	r.calls(d, path, n.ref)
	r.order, r.index = append(r.order, n), append(r.index, i)
	switch {
	case n.name == "":
	case r.d.nodes[n.name] != nil:
		r.add(Mistake{
			Msg:  fmt.Sprintf("there are two tasks of the name %q, and this one never runs", n.name),
			Hint: "give it another name", Warning: true,
		}, false, at(path, "name"))
	default:
		r.d.nodes[n.name] = n
		r.d.order = append(r.d.order, n.name)
	}
}

// need returns a text that has to be there.
func (r *reader) need(d *value.Dict, path []any, key string) string {
	switch v := get(d, key).(type) {
	case nil:
		r.wrong(path, "", "%s is missing", key)
	case string:
		if v == "" {
			r.wrong(at(path, key), "", "%s is empty", key)
		}
		return v
	default:
		r.wrong(at(path, key), fmt.Sprintf("put it in quotes if it is the text %q", value.Str(v)),
			"%s is %s, not a text", key, typeOf(v))
	}
	return ""
}

// fields returns the names of a mapping with their values.
func (r *reader) fields(d *value.Dict, path []any, key string) []field {
	v := get(d, key)
	if v == nil {
		return nil
	}
	m, ok := v.(*value.Dict)
	if !ok {
		r.wrong(at(path, key), "", "%s is %s, not a mapping", key, typeOf(v))
		return nil
	}
	out := make([]field, 0, m.Len())
	for k, v := range m.All() {
		f := field{name: value.Str(k)}
		f.tmpl = r.template(v, at(at(path, key), k))
		out = append(out, f)
	}
	return out
}

func (r *reader) template(v value.Value, path []any) *action.Template {
	t, err := action.ParseTemplate(v)
	if err != nil {
		r.wrong(path, "", "the template does not parse: %v", err)
	}
	return t
}

func (r *reader) target(d *value.Dict, path []any, key string) target {
	switch v := get(d, key).(type) {
	case nil:
	case string:
		t := target{name: v}
		if jinja.HasTemplate(v) {
			t.tmpl = r.template(v, at(path, key))
		}
		return t
	default:
		r.wrong(at(path, key), "", "%s is %s, not the name of a task", key, typeOf(v))
	}
	return target{}
}

// notify returns who hears of the end of a task. What it may say is the same as
// in the metadata of an action.
func (r *reader) notify(d *value.Dict, path []any) value.Value {
	v := get(d, "notify")
	if v == nil {
		return nil
	}
	path = at(path, "notify")
	for _, m := range notify.Check(v) {
		r.add(Mistake{Msg: m.Msg, Hint: m.Hint}, m.Key, append(slices.Clip(path), m.Path...))
	}
	return v
}

// specOf is what the context of an execution shows of its task: all keys, with
// those that are not there as None, in the names of Python.
func specOf(d *value.Dict) *value.Dict {
	spec := value.NewDictCap(8)
	for _, k := range []string{"name", "ref", "params", "parameters", "on-success", "on-failure", "publish", "notify"} {
		spec.Set(strings.ReplaceAll(k, "-", "_"), get(d, k))
	}
	return spec
}

// typeOf names the type of a value with its article.
func typeOf(v value.Value) string {
	name := value.TypeName(v)
	if strings.ContainsAny(name[:1], "aeiou") {
		return "an " + name
	}
	return "a " + name
}

func get(d *value.Dict, key string) value.Value {
	v, _ := d.Get(key)
	return v
}

func at(path []any, key any) []any { return append(slices.Clip(path), key) }

// orKnown says which name was meant, or which there are.
func orKnown(name string, known []string) string {
	if meant := near.Name(name, known); meant != "" {
		return fmt.Sprintf("did you mean %q?", meant)
	}
	return "known are " + strings.Join(known, ", ")
}
