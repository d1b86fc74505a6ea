package expr_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/secret"
)

func TestConformanceOrquestaExpr(t *testing.T) {
	conformance.Run(t, "orquesta_expr", "testdata/known_orquesta_expr.txt", check)
}

func TestConformanceST2Functions(t *testing.T) {
	conformance.Run(t, "st2_functions", "testdata/known_st2_functions.txt", check)
}

func check(c conformance.Case) error {
	got, err := ask(c)
	class, msg, fails := c.WantError()
	switch {
	case fails && err == nil:
		return fmt.Errorf("got %s, want %s: %s", value.Repr(got), class, msg)
	case fails:
		var e *expr.Error
		if !errors.As(err, &e) || e.Class != class || e.Msg != msg {
			return fmt.Errorf("got %w, want %s: %s", err, class, msg)
		}
		return nil
	case err != nil:
		return err
	}
	return c.CompareResult(got)
}

func ask(c conformance.Case) (value.Value, error) {
	ctx := context.Background()
	args, err := c.Dict("args")
	if err != nil {
		return nil, err
	}
	arg := func(name string) value.Value { v, _ := args.Get(name); return v }
	text, _ := arg("text").(string)
	data, _ := arg("data").(*value.Dict)
	language := c.Text("language")
	store, err := datastore(c)
	if err != nil {
		return nil, err
	}
	e := expr.New(expr.Options{Datastore: store})
	switch c.Kind {
	case "evaluate":
		if language != "" {
			return e.EvaluateText(ctx, language, text, data)
		}
		return e.Evaluate(ctx, arg("statement"), data)
	case "has_expressions":
		return expr.Has(text), nil
	case "validate":
		if language != "" {
			return problems(e.CheckText(language, text)), nil
		}
		d := value.NewDict()
		d.Set("errors", problems(e.Check(arg("statement"))))
		return d, nil
	case "extract_vars":
		list := value.NewList()
		if language != "" {
			refs, err := e.References(language, text)
			for _, r := range refs {
				list.Items = append(list.Items, r)
			}
			return list, err
		}
		vars, err := e.Variables(arg("statement"))
		for _, v := range vars {
			list.Items = append(list.Items, value.Tuple{v.Language, v.Statement, v.Name})
		}
		return list, err
	case "function", "st2kv":
		return call(ctx, e, c, args)
	}
	return nil, fmt.Errorf("kind %s is not known", c.Kind)
}

func problems(all []expr.Problem) *value.List {
	list := value.NewList()
	for _, p := range all {
		d := value.NewDict()
		d.Set("type", nil)
		if p.Language != "" {
			d.Set("type", p.Language)
		}
		d.Set("expression", p.Expression)
		d.Set("message", p.Message)
		list.Items = append(list.Items, d)
	}
	return list
}

// call calls a function on its own. Its arguments are by name; args and kwargs are
// the rest.
func call(ctx context.Context, e *expr.Evaluator, c conformance.Case, args *value.Dict) (value.Value, error) {
	name := c.Text("name")
	if name == "" {
		name = c.Kind
	}
	a := &value.Args{}
	state := value.NewDict()
	for k, v := range args.Texts() {
		switch k {
		case "context":
			state, _ = v.(*value.Dict)
		case "args":
			t, _ := v.(value.Tuple)
			a.Pos = append(a.Pos, t...)
		case "kwargs":
			d, _ := v.(*value.Dict)
			for k, v := range d.Texts() {
				a.Named = append(a.Named, value.Named{Name: k, Value: v})
			}
		case "key", "task_id", "s":
			a.Pos = append(a.Pos, v)
		default:
			a.Named = append(a.Named, value.Named{Name: k, Value: v})
		}
	}
	return e.Call(ctx, name, state, a)
}

// datastore returns the datastore of a case.
func datastore(c conformance.Case) (func(context.Context, expr.Key) (value.Value, bool, error), error) {
	v, err := c.Value("datastore")
	if err != nil || v == nil {
		return nil, err
	}
	var key *secret.StackStormKey
	if text, ok := c.Raw["crypto_key"]; ok {
		if key, err = secret.ReadStackStormKey(text); err != nil {
			return nil, err
		}
	}
	list, _ := v.(*value.List)
	pairs := map[string]*value.Dict{}
	for _, p := range list.Items {
		d, _ := p.(*value.Dict)
		scope, _ := d.Get("scope")
		name, _ := d.Get("name")
		pairs[value.Str(scope)+"/"+value.Str(name)] = d
	}
	return func(_ context.Context, k expr.Key) (value.Value, bool, error) {
		id := "st2kv.user/" + k.User + ":" + k.Name
		if k.System {
			id = "st2kv.system/" + k.Name
		}
		d, ok := pairs[id]
		if !ok {
			return nil, false, nil
		}
		v, _ := d.Get("value")
		text, _ := v.(string)
		if is, _ := d.Get("secret"); k.Decrypt && value.Truth(is) {
			plain, err := key.Decrypt(text)
			return plain, true, err
		}
		return v, true, nil
	}, nil
}
