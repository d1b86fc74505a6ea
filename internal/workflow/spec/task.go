package spec

import (
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func (r *reader) task(name string, v value.Value) *Task {
	path := []any{"tasks", name}
	d, ok := v.(*value.Dict)
	if v != nil && !ok {
		r.fail(path, "%s is not of type 'object'", value.Repr(v))
		return nil
	}
	if d == nil {
		d = value.NewDict()
	}
	get := func(key string) value.Value { v, _ := d.Get(key); return v }
	t := &Task{
		Name: name, Raw: d,
		Action: text(get("action")), Input: get("input"), Delay: get("delay"), Timeout: get("timeout"),
		Join: join(get("join")),
	}
	if action, params := splitAction(t.Action); len(params) > 0 {
		if action == "" {
			r.failBeyond(append(path, "action"), "The action %s has parameters but no name.", value.Repr(t.Action))
		}
		input := value.NewDictCap(len(params))
		for _, p := range params {
			input.Set(p.Name, p.Value)
		}
		t.Action, t.Input = action, input
	}
	t.With = r.with(append(path, "with"), t)
	if retry, ok := r.dict(append(path, "retry"), get("retry")); ok {
		when, _ := retry.Get("when")
		t.Retry = &Retry{When: text(when)}
		t.Retry.Count, _ = retry.Get("count")
		t.Retry.Delay, _ = retry.Get("delay")
	}
	if undo, ok := r.dict(append(path, "undo"), get("undo")); ok {
		t.Undo = undoOf(undo)
	}
	t.Transitions = r.transitions(append(path, "next"), get("next"))
	return t
}

// dict returns a value that must be a mapping, and whether it is one with anything
// in it.
func (r *reader) dict(path []any, v value.Value) (*value.Dict, bool) {
	if !value.Truth(v) {
		return nil, false
	}
	d, ok := v.(*value.Dict)
	if !ok {
		r.fail(path, "%s is not of type 'object'", value.Repr(v))
	}
	return d, ok
}

func join(v value.Value) *Join {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return &Join{All: v == "all"}
	case int64:
		return &Join{Count: int(v)}
	}
	return &Join{}
}

func undoOf(d *value.Dict) *Undo {
	action, _ := d.Get("action")
	u := &Undo{Action: text(action)}
	u.Input, _ = d.Get("input")
	if action, params := splitAction(u.Action); len(params) > 0 {
		input := value.NewDictCap(len(params))
		for _, p := range params {
			input.Set(p.Name, p.Value)
		}
		u.Action, u.Input = action, input
	}
	return u
}

// splitAction returns an action without the parameters that follow it, which begin
// after the first white space that is not within an expression.
func splitAction(action string) (string, []Assignment) {
	s := inline{text: action}
	for i := 0; i < len(action); i++ {
		for open, end := range map[string]string{"<%": "%>", "{{": "}}"} {
			if strings.HasPrefix(action[i:], open) {
				if at := s.next(end, i); at >= 0 {
					i = at + len(end)
				}
			}
		}
		if i < len(action) && strings.IndexByte(" \t\r\n", action[i]) >= 0 {
			return action[:i], ParseInline(action[i:])
		}
	}
	return action, nil
}

// with reads what a task runs for each item, and spells it out in what is written.
func (r *reader) with(path []any, t *Task) *With {
	v, _ := t.Raw.Get("with")
	if v == nil {
		return nil
	}
	if items, ok := v.(string); ok {
		d := value.NewDict()
		d.Set("items", items)
		v = d
		t.Raw.Set("with", d) // it was made by reading, and is nobody else's yet
	}
	d, ok := v.(*value.Dict)
	if !ok {
		r.fail(path, "%s is not of type 'object'", value.Repr(v))
		return nil
	}
	items, _ := d.Get("items")
	w := &With{Items: text(items)}
	w.Concurrency, _ = d.Get("concurrency")
	w.Keys, w.List = splitItems(w.Items)
	return w
}

// splitItems returns the names before "in" and the expression after it.
func splitItems(text string) ([]string, string) {
	list := strings.TrimFunc(text, isSpace)
	if strings.HasPrefix(list, "<%") || strings.HasPrefix(list, "{{") {
		return nil, list // an "in" that follows is part of the expression
	}
	for i := 0; i+3 < len(list); i++ {
		if strings.HasPrefix(list[i+1:], "in") && isSpace(rune(list[i])) && isSpace(rune(list[i+3])) {
			names := strings.Join(strings.FieldsFunc(list[:i], isSpace), "")
			return strings.Split(names, ","), strings.TrimLeftFunc(list[i+4:], isSpace)
		}
	}
	return nil, list
}

func (r *reader) transitions(path []any, v value.Value) []*Transition {
	if !value.Truth(v) {
		return nil
	}
	list, ok := v.(*value.List)
	if !ok {
		r.fail(path, "%s is not of type 'array'", value.Repr(v))
		return nil
	}
	var all []*Transition
	for i, item := range list.Items {
		d, ok := item.(*value.Dict)
		if !ok {
			r.fail(append(path, i), "%s is not of type 'object'", value.Repr(item))
			continue
		}
		all = append(all, transition(d))
	}
	return all
}

func transition(d *value.Dict) *Transition {
	when, _ := d.Get("when")
	publish, _ := d.Get("publish")
	t := &Transition{When: text(when), raw: d}
	if inline, ok := publish.(string); ok {
		t.Publish = ParseInline(inline)
	} else {
		t.Publish = assignments(publish)
	}
	t.Do, _ = d.Get("do")
	if !value.Truth(t.Do) {
		t.Do = Continue
	}
	switch do := t.Do.(type) {
	case string:
		for name := range strings.SplitSeq(do, ",") {
			t.Next = append(t.Next, strings.TrimFunc(name, isSpace))
		}
	case *value.List:
		for _, name := range do.Items {
			if name, ok := name.(string); ok {
				t.Next = append(t.Next, name)
			}
		}
	}
	return t
}
