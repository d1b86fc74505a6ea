package expr

import (
	"context"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// unset is the status of a task that has not been.
const unset = "null"

// State is how the tasks of a workflow stand. It may stand under __state in the
// context in place of the record that StackStorm keeps there, which would be as
// long as the workflow has run.
type State interface {
	value.Object
	// Entry returns the status of the latest execution of a task on a route. If the
	// task was not on that route, it is that of the nearest earlier route that this
	// one goes on from; on is the route then. The bool is whether there is one.
	Entry(task string, route int64) (status string, on int64, ok bool)
}

// currentTask returns the task whose transition is being evaluated.
func currentTask(c *value.Dict) (*value.Dict, error) {
	if c == nil || c.Len() == 0 {
		return nil, errorf(EvaluationError, "The context is not set.")
	}
	task, ok := get(c, keyTask).(*value.Dict)
	if !ok || task.Len() == 0 {
		return nil, errorf(EvaluationError, "The current task is not set in the context.")
	}
	return task, nil
}

func resultFunc(ctx context.Context, c *value.Dict, a *value.Args) (value.Value, error) {
	if err := a.None(); err != nil {
		return nil, err
	}
	task, err := currentTask(c)
	if err != nil {
		return nil, err
	}
	v := get(task, "result")
	if l, ok := v.(value.Lazy); ok {
		return l.Force(ctx)
	}
	return v, nil
}

// statusIs makes a function that tells whether the current task has one of some
// statuses.
func statusIs(statuses ...string) func(context.Context, *value.Dict, *value.Args) (value.Value, error) {
	return func(_ context.Context, c *value.Dict, a *value.Args) (value.Value, error) {
		if err := a.None(); err != nil {
			return nil, err
		}
		task, err := currentTask(c)
		if err != nil {
			return nil, err
		}
		route, _ := get(task, "route").(int64)
		status, err := taskStatus(c, get(task, "id"), route)
		if err != nil {
			return nil, err
		}
		s, _ := status.(string)
		return slices.Contains(statuses, s), nil
	}
}

func taskStatusFunc(_ context.Context, c *value.Dict, a *value.Args) (value.Value, error) {
	id, route, err := optional(a, 1, "task_id", "route")
	if err != nil || c == nil || c.Len() == 0 {
		return unset, err
	}
	n, ok := route.(int64)
	if route == nil {
		task, _ := get(c, keyTask).(*value.Dict)
		n, ok = get(task, "route").(int64)
		ok = ok || task == nil || !task.Has("route")
	}
	if !ok {
		return nil, value.TypeError.Errorf("the route of a task is not an int")
	}
	return taskStatus(c, id, n)
}

func taskStatus(c *value.Dict, id value.Value, route int64) (value.Value, error) {
	if s, ok := get(c, keyState).(State); ok {
		if status, _, ok := s.Entry(value.Str(id), route); ok && status != "" {
			return status, nil
		}
		return unset, nil
	}
	entry, err := taskEntry(c, id, route)
	if entry == nil || err != nil {
		return unset, err
	}
	if status, ok := entry.Get("status"); ok {
		return status, nil
	}
	return unset, nil
}

// taskRoute returns on which route the entry of a task is, and whether there is one.
func taskRoute(c *value.Dict, id value.Value, route int64) (on int64, ok bool, err error) {
	if s, is := get(c, keyState).(State); is {
		_, on, ok = s.Entry(value.Str(id), route)
		return on, ok, nil
	}
	entry, err := taskEntry(c, id, route)
	on, _ = get(entry, "route").(int64)
	return on, entry != nil, err
}

// taskEntry returns the entry of a task in the sequence of the workflow. If the task
// was not on the route, it is that of the nearest earlier route that this one goes
// on from.
func taskEntry(c *value.Dict, id value.Value, route int64) (*value.Dict, error) {
	state, _ := get(c, keyState).(*value.Dict)
	pointers, _ := get(state, "tasks").(*value.Dict)
	sequence := listOf(get(state, "sequence"))
	routes := listOf(get(state, "routes"))
	for {
		if at, ok := get(pointers, value.Str(id)+"__r"+value.Str(route)).(int64); ok {
			if at < 0 || at >= int64(len(sequence)) {
				return nil, value.IndexError.Errorf("list index out of range")
			}
			entry, _ := sequence[at].(*value.Dict)
			return entry, nil
		}
		if route <= 0 {
			return nil, nil
		}
		if route >= int64(len(routes)) {
			return nil, value.IndexError.Errorf("list index out of range")
		}
		from := route
		for route--; route >= 0; route-- {
			if within(listOf(routes[route]), listOf(routes[from])) {
				break
			}
		}
		if route < 0 {
			return nil, nil
		}
	}
}

func listOf(v value.Value) []value.Value {
	switch v := v.(type) {
	case *value.List:
		return v.Items
	case value.Tuple:
		return v
	}
	return nil
}

// within reports whether all steps of a route are in another one.
func within(steps, route []value.Value) bool {
	for _, s := range steps {
		if !slices.ContainsFunc(route, func(r value.Value) bool { return value.Equal(r, s) }) {
			return false
		}
	}
	return true
}

// task is the function that returns an execution of a task.
func (e *Evaluator) task(ctx context.Context, c *value.Dict, a *value.Args) (value.Value, error) {
	id, route, err := optional(a, 0, "task_id", "route")
	if err != nil {
		return nil, err
	}
	current, _ := get(c, keyTask).(*value.Dict)
	if id == nil {
		if current == nil || !current.Has("id") {
			return nil, value.KeyError.Errorf("'id'")
		}
		id = get(current, "id")
	}
	if route == nil {
		route = get(current, "route")
	}
	n, _ := route.(int64)
	on, known, err := taskRoute(c, id, n)
	if err != nil {
		return nil, err
	}
	missing := errorf(EvaluationError, `Unable to find task execution for "%s".`, value.Str(id))
	if !known || e.options.Task == nil {
		return nil, missing
	}
	vars, _ := get(c, keyVars).(*value.Dict)
	st2, _ := get(vars, "st2").(*value.Dict)
	workflow, ok := get(st2, "workflow_execution_id").(string)
	if !ok {
		return nil, value.KeyError.Errorf("'workflow_execution_id'")
	}
	v, ok, err := e.options.Task(ctx, workflow, value.Str(id), on)
	if err == nil && !ok {
		return nil, missing
	}
	return v, err
}

// secret is the function that reads a secret from elsewhere.
func (e *Evaluator) secret(ctx context.Context, _ *value.Dict, a *value.Args) (value.Value, error) {
	name, _, err := optional(a, 1, "name")
	if err != nil {
		return nil, err
	}
	text, ok := name.(string)
	switch {
	case !ok:
		return nil, value.TypeError.Errorf("The name of the secret is not typeof string.")
	case e.options.Secret == nil:
		return nil, errorf(EvaluationError, "There are no stores of secrets here.")
	}
	out, err := e.options.Secret(ctx, text)
	if err != nil {
		return nil, &Error{Class: EvaluationError, Msg: err.Error(), err: err}
	}
	return out, nil
}

// st2kv is the function that looks up a key of the datastore.
func (e *Evaluator) st2kv(ctx context.Context, c *value.Dict, a *value.Args) (value.Value, error) {
	if len(a.Pos) == 0 {
		return nil, value.TypeError.Errorf("st2kv_() missing 1 required positional argument: 'key'")
	}
	key, ok := a.Pos[0].(string)
	if !ok {
		return nil, value.TypeError.Errorf("Given key is not typeof string.")
	}
	k := Key{Name: key}
	if name, system := strings.CutPrefix(key, "system."); system {
		k.System, k.Name = true, name
	}
	var fallback value.Value
	hasDefault := false
	for _, n := range a.Named {
		switch n.Name {
		case "decrypt":
			if k.Decrypt, ok = n.Value.(bool); !ok {
				return nil, value.TypeError.Errorf("Decrypt parameter is not typeof bool.")
			}
		case "default":
			fallback, hasDefault = n.Value, true
		}
	}
	vars, _ := get(c, keyVars).(*value.Dict)
	st2, _ := get(vars, "st2").(*value.Dict)
	if k.User, ok = get(st2, "user").(string); !ok {
		return nil, value.KeyError.Errorf("'Could not get user from context.'")
	}
	if e.options.Datastore == nil {
		return nil, errorf(EvaluationError, "There is no datastore here.")
	}
	v, found, err := e.options.Datastore(ctx, k)
	switch {
	case err != nil:
		return nil, &Error{Class: EvaluationError, Msg: err.Error(), err: err}
	case found:
		return v, nil
	case hasDefault:
		return fallback, nil
	}
	return nil, errorf(EvaluationError, `The key "%s" does not exist in the StackStorm datastore.`, key)
}
