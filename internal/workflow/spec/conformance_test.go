package spec_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

func TestConformanceOrquestaSpecLoad(t *testing.T) {
	only(t, "load", func(c conformance.Case) error {
		w, err := spec.Parse(definition(c))
		if c.Has("error") {
			if err == nil {
				return fmt.Errorf("it was read, but %s", c.Text("message"))
			}
			return nil
		}
		if err != nil {
			return err
		}
		return c.CompareResult(spelledOut(w))
	})
}

func TestConformanceOrquestaSpecInspect(t *testing.T) {
	only(t, "inspect", func(c conformance.Case) error {
		args, err := c.Dict("args")
		if err != nil {
			return err
		}
		var o spec.Options
		if v, ok := args.Get("app_ctx"); ok {
			given, _ := v.(*value.Dict)
			for name := range given.Texts() {
				o.Context = append(o.Context, name)
			}
		}
		_, found, err := spec.Inspect(definition(c), o)
		if err != nil {
			return err
		}
		return c.CompareResult(byCategory(found))
	})
}

// byCategory is what an inspection found, as the corpus writes it.
func byCategory(found spec.Findings) *value.Dict {
	lists := map[string]*value.List{}
	d := value.NewDict()
	for _, f := range found {
		e := value.NewDict()
		if f.Category == spec.Expressions || f.Category == spec.Context {
			e.Set("type", orNil(f.Language))
			e.Set("expression", f.Expression)
		}
		e.Set("message", f.Message)
		e.Set("spec_path", orNil(f.SpecPath))
		e.Set("schema_path", orNil(f.SchemaPath))
		if lists[f.Category] == nil {
			lists[f.Category] = value.NewList()
			d.Set(f.Category, lists[f.Category])
		}
		lists[f.Category].Items = append(lists[f.Category].Items, e)
	}
	return d
}

func TestConformanceOrquestaSpecTasks(t *testing.T) {
	only(t, "tasks", func(c conformance.Case) error {
		w, err := spec.Parse(definition(c))
		if err != nil {
			return err
		}
		args, err := c.Dict("args")
		if err != nil {
			return err
		}
		task, _ := args.Get("task_name")
		name := value.Str(task)
		switch call := c.Text("call"); call {
		case "in_cycle":
			return c.CompareResult(w.InCycle(name))
		case "has_cycles":
			return c.CompareResult(w.HasCycles())
		case "is_join_task":
			return c.CompareResult(w.IsJoin(name))
		default:
			return fmt.Errorf("call %s is not known", call)
		}
	})
}

// only asks the cases of one kind. Package graph asks those of the others.
func only(t *testing.T, kind string, check func(c conformance.Case) error) {
	t.Helper()
	conformance.Run(t, "orquesta_spec", "testdata/known_"+kind+".txt", func(c conformance.Case) error {
		if c.Kind != kind {
			return conformance.ErrSkip
		}
		return check(c)
	})
}

func definition(c conformance.Case) []byte {
	var d struct{ Text string }
	_ = json.Unmarshal(c.Raw["definition"], &d) // without one, nothing can be read
	return []byte(d.Text)
}

// spelledOut is a workflow as the corpus writes it.
func spelledOut(w *spec.Workflow) *value.Dict {
	d := value.NewDict()
	d.Set("description", orNil(w.Description))
	d.Set("tags", nil)
	if w.Tags != nil {
		d.Set("tags", value.Of(w.Tags))
	}
	var input *value.List
	for _, p := range w.Input {
		if input == nil {
			input = value.NewList()
		}
		if p.Default == nil {
			input.Items = append(input.Items, p.Name)
			continue
		}
		input.Items = append(input.Items, one(p.Name, p.Default))
	}
	d.Set("input", listOrNil(input))
	d.Set("vars", assignments(w.Vars))
	d.Set("output", assignments(w.Output))
	tasks := value.NewList()
	for _, t := range w.Tasks {
		tasks.Items = append(tasks.Items, task(t))
	}
	d.Set("tasks", tasks)
	return d
}

func task(t *spec.Task) *value.Dict {
	raw := func(key string) value.Value { v, _ := t.Raw.Get(key); return v }
	d := value.NewDict()
	d.Set("name", t.Name)
	d.Set("delay", t.Delay)
	d.Set("join", nil)
	if t.Join != nil {
		d.Set("join", int64(t.Join.Count))
		if t.Join.All {
			d.Set("join", "all")
		}
	}
	d.Set("action", orNil(t.Action))
	d.Set("input", t.Input)
	d.Set("with", nil)
	if t.With != nil {
		with := value.NewDict()
		with.Set("items", t.With.Items)
		with.Set("concurrency", t.With.Concurrency)
		d.Set("with", with)
	}
	d.Set("retry", nil)
	if t.Retry != nil {
		retry := value.NewDict()
		retry.Set("when", when(t.Retry.When, raw("retry")))
		retry.Set("count", t.Retry.Count)
		retry.Set("delay", t.Retry.Delay)
		d.Set("retry", retry)
	}
	d.Set("next", nil)
	list, ok := raw("next").(*value.List)
	if !ok {
		return d
	}
	next := value.NewList()
	for i, tr := range t.Transitions {
		n := value.NewDict()
		n.Set("when", when(tr.When, list.Items[i]))
		n.Set("publish", assignments(tr.Publish))
		n.Set("do", tr.Do)
		next.Items = append(next.Items, n)
	}
	d.Set("next", next)
	return d
}

// when is a condition, or what is written in its place if it can be none.
func when(condition string, raw value.Value) value.Value {
	if d, ok := raw.(*value.Dict); ok && condition == "" {
		v, _ := d.Get("when")
		return v
	}
	return condition
}

func assignments(all []spec.Assignment) value.Value {
	var l *value.List
	for _, a := range all {
		if l == nil {
			l = value.NewList()
		}
		l.Items = append(l.Items, one(a.Name, a.Value))
	}
	return listOrNil(l)
}

func one(name string, v value.Value) *value.Dict {
	d := value.NewDict()
	d.Set(name, v)
	return d
}

func listOrNil(l *value.List) value.Value {
	if l == nil {
		return nil
	}
	return l
}

func orNil(s string) value.Value {
	if s == "" {
		return nil
	}
	return s
}
