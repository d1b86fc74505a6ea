package expr

import (
	"context"
	"maps"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/st2fn"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/expr/yaql"
)

// The keys of the context that belong to the engine of workflows.
const (
	keyVars  = "__vars"
	keyState = "__state"
	keyTask  = "__current_task"
	keyItem  = "__current_item"

	// keyVisible holds what ctx() returns, so that it is put together once for all
	// expressions of a statement. No expression can name it.
	keyVisible = "\x00visible"
)

// function is a function of expressions. Its first argument is the context.
type function struct {
	params string // as yaql.Function has them
	state  bool   // it uses the context
	frozen bool   // what it returns is part of the context
	body   func(ctx context.Context, c *value.Dict, a *value.Args) (value.Value, error)
}

func (f function) call(ctx context.Context, name string, c *value.Dict, a *value.Args) (value.Value, error) {
	args := *a
	args.Name = name
	return f.body(ctx, c, &args)
}

func (f function) inYaql(name string) yaql.Function {
	return yaql.Function{
		Name: name, Params: f.params, Frozen: f.frozen,
		Fn: func(ctx context.Context, vars yaql.Vars, a *value.Args) (value.Value, error) {
			c, _ := vars.(*value.Dict)
			return f.call(ctx, name, c, a)
		},
	}
}

func (f function) asFilter(name string) jinja.Filter {
	return func(ctx context.Context, in value.Value, a *value.Args) (value.Value, error) {
		if u, ok := in.(*jinja.Undefined); ok {
			if err := u.Raise(); err != nil {
				return nil, err
			}
		}
		all := &value.Args{Pos: append([]value.Value{in}, a.Pos...), Named: a.Named}
		return f.call(ctx, name, nil, all)
	}
}

// Call calls one of the functions with a context as functions see it: __vars,
// __state, __current_task and __current_item.
func (e *Evaluator) Call(ctx context.Context, name string, c *value.Dict, a *value.Args) (value.Value, error) {
	f, ok := e.functions[name]
	if !ok {
		return nil, errorf(EvaluationError, "Unknown function %q", name)
	}
	return f.call(ctx, name, c, a)
}

// Functions returns the names of all functions, sorted.
func (e *Evaluator) Functions() []string { return e.names }

// allFunctions returns the functions of Orquesta and those of StackStorm.
func (e *Evaluator) allFunctions() map[string]function {
	all := map[string]function{
		"ctx":         {params: "key = none", state: true, frozen: true, body: ctxFunc},
		"item":        {params: "key = none", state: true, frozen: true, body: itemFunc},
		"result":      {state: true, frozen: true, body: resultFunc},
		"task_status": {params: "task_id, route = none", state: true, body: taskStatusFunc},
		"succeeded":   {state: true, body: statusIs("succeeded")},
		"failed":      {state: true, body: statusIs("failed")},
		"completed":   {state: true, body: statusIs("succeeded", "failed", "expired", "abandoned", "canceled")},
		"json":        {params: "s", body: jsonFunc},
		"zip":         {params: "*args, **kwargs", body: zipFunc},
		"st2kv":       {params: "key, **kwargs", state: true, body: e.st2kv},
		"secret":      {params: "name", body: e.secret},
		"task":        {params: "task_id = none, route = none", state: true, body: e.task},
	}
	params := map[string]string{
		"basename": "path", "dirname": "path", "to_human_time_from_seconds": "seconds",
		"to_json_string": "value, indent = none, sort_keys bool? = none, separators seq? = none",
		"to_yaml_string": "value, indent = none, allow_unicode bool? = none",
		"jsonpath_query": "value, query",
		"regex_match":    "value, pattern, ignorecase bool? = none", "regex_search": "value, pattern, ignorecase bool? = none",
		"regex_replace":   "value, pattern, replacement, ignorecase bool? = none",
		"regex_substring": "value, pattern, result_index int? = none, ignorecase bool? = none",
		"version_compare": "value, pattern", "version_more_than": "value, pattern", "version_less_than": "value, pattern",
		"version_equal": "value, pattern", "version_match": "value, pattern",
	}
	params["json_dump"], params["yaml_dump"] = params["to_json_string"], params["to_yaml_string"]
	own := map[string]function{}
	for name, fn := range st2fn.All() {
		if name == "to_complex" { // workflows do not have it
			continue
		}
		p, ok := params[name]
		if !ok {
			p = "value"
		}
		own[name] = function{params: p, body: func(ctx context.Context, _ *value.Dict, a *value.Args) (value.Value, error) {
			return fn(ctx, a)
		}}
	}
	maps.Copy(all, own)
	return all
}

// optional reads up to two arguments, of which the first required must be given.
// One that was not given is nil.
func optional(a *value.Args, required int, names ...string) (first, second value.Value, err error) {
	args := make([]value.Value, len(names), 2)
	if err := a.Into(args, required, names...); err != nil {
		return nil, nil, err
	}
	for i, v := range args {
		if value.IsAbsent(v) {
			args[i] = nil
		}
	}
	args = args[:2]
	return args[0], args[1], nil
}

func get(c *value.Dict, key string) value.Value {
	if c == nil {
		return nil
	}
	v, _ := c.Get(key)
	return v
}

func ctxFunc(_ context.Context, c *value.Dict, a *value.Args) (value.Value, error) {
	key, _, err := optional(a, 0, "key")
	if err != nil {
		return nil, err
	}
	vars, ok := get(c, keyVars).(*value.Dict)
	if !ok {
		return nil, value.TypeError.Errorf("argument of type '%s' is not iterable", value.TypeName(get(c, keyVars)))
	}
	if !value.Truth(key) {
		if v, ok := c.Get(keyVisible); ok {
			return v, nil
		}
		return visible(vars), nil
	}
	v, ok, err := vars.GetKey(key)
	switch name, isText := key.(string); {
	case err != nil:
		return nil, err
	case !ok:
		return nil, errorf(UndefinedError, `The variable "%s" is undefined.`, value.Str(key))
	case !isText:
		return nil, value.AttributeError.Errorf("'%s' object has no attribute 'startswith'", value.TypeName(key))
	case strings.HasPrefix(name, "__"):
		return nil, errorf(HiddenError, `The variable "%s" is for internal use and inaccessible.`, name)
	}
	return v, nil
}

// visible returns the variables without those that belong to the engine.
func visible(vars *value.Dict) *value.Dict {
	hidden := 0
	for k := range vars.Texts() {
		if strings.HasPrefix(k, "__") {
			hidden++
		}
	}
	if hidden == 0 {
		return vars
	}
	out := value.NewDictCap(vars.Len() - hidden)
	for k, v := range vars.Texts() {
		if !strings.HasPrefix(k, "__") {
			out.Set(k, v)
		}
	}
	return out
}

func itemFunc(_ context.Context, c *value.Dict, a *value.Args) (value.Value, error) {
	key, _, err := optional(a, 0, "key")
	if err != nil {
		return nil, err
	}
	if c == nil || c.Len() == 0 {
		return nil, errorf(EvaluationError, "The context is not set.")
	}
	item, ok := c.Get(keyItem)
	switch {
	case !ok:
		return nil, value.KeyError.Errorf("'%s'", keyItem)
	case !value.Truth(key):
		return item, nil
	}
	d, ok := item.(*value.Dict)
	if !ok {
		return nil, errorf(EvaluationError, "Item is not type of collections.abc.Mapping.")
	}
	v, ok, err := d.GetKey(key)
	if err == nil && !ok {
		return nil, errorf(EvaluationError, `Item does not have key "%s".`, value.Str(key))
	}
	return v, err
}

func jsonFunc(_ context.Context, _ *value.Dict, a *value.Args) (value.Value, error) {
	s, _, err := optional(a, 1, "s")
	if err != nil {
		return nil, err
	}
	switch s := s.(type) {
	case *value.Dict:
		return s, nil
	case string:
		v, err := value.FromJSON([]byte(s))
		if err != nil {
			return nil, &Error{Class: "JSONDecodeError", Msg: err.Error(), err: err}
		}
		return v, nil
	}
	return nil, value.TypeError.Errorf("Given object is not typeof string.")
}

func zipFunc(ctx context.Context, _ *value.Dict, a *value.Args) (value.Value, error) {
	var pad value.Value
	for _, n := range a.Named {
		if n.Name == "pad" {
			pad = n.Value
		}
	}
	lists := make([][]value.Value, len(a.Pos))
	longest := 0
	for i, v := range a.Pos {
		if v == nil {
			v = value.NewList()
		}
		if len(a.Pos) == 1 {
			return v, nil
		}
		items, err := value.Items(ctx, v)
		if err != nil {
			return nil, err
		}
		lists[i], longest = items, max(longest, len(items))
	}
	if longest*len(lists) > 4<<20 {
		return nil, value.MemoryError.Errorf("more than %d items", 4<<20)
	}
	out := make([]value.Value, longest)
	for i := range out {
		row := make(value.Tuple, len(lists))
		for j, items := range lists {
			row[j] = pad
			if i < len(items) {
				row[j] = items[i]
			}
		}
		out[i] = row
	}
	return value.NewList(out...), nil
}
