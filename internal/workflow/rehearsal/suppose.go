package rehearsal

import (
	"strings"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/inquiry"
	"github.com/nightshift-run/nightshift/internal/workflow/orquesta"
)

// Suppose says that calls end with a status, and give what is likely then; without a
// status that they are left running. Tasks without an action always succeed.
func Suppose(status execution.Status, actions *catalog.Catalog) Assume {
	return func(c orquesta.Call) (execution.Status, value.Value, bool) {
		if c.Action == "" {
			return execution.Succeeded, nil, true
		}
		if status == "" {
			return "", nil, false
		}
		return status, likely(actions, c, status), true
	}
}

// likely is a result of the form that the action and its runner say, or that commands
// have.
func likely(actions *catalog.Catalog, c orquesta.Call, status execution.Status) value.Value {
	a, ok := actions.Action(c.Action)
	if !ok || a.Runner == nil {
		return value.NewDict()
	}
	d := value.NewDict()
	switch {
	case a.Runner.OutputSchema != nil:
		v := blank(a.Runner.OutputSchema)
		if d, ok = v.(*value.Dict); !ok {
			return v
		}
		if key := a.Runner.OutputKey; d.Has(key) && a.OutputSchema != nil {
			d.Set(key, blank(whole(a.OutputSchema)))
		}
	case a.Runner.Name == inquiry.Runner:
		d.Set("response", blank(answerSchema(a, c)))
	case strings.HasPrefix(a.Runner.Name, "local-shell-"), strings.HasPrefix(a.Runner.Name, "winrm-"):
		return command(status)
	case strings.HasPrefix(a.Runner.Name, "remote-shell-"):
		names, _ := at(dict(c.Input), "hosts").(string)
		for host := range strings.SplitSeq(names, ",") {
			if host = strings.TrimSpace(host); host != "" {
				d.Set(host, command(status))
			}
		}
	}
	return d
}

// command is what a command gives that printed nothing.
func command(status execution.Status) *value.Dict {
	d := value.NewDict()
	d.Set("stdout", "")
	d.Set("stderr", "")
	code := int64(0)
	if status == execution.Failed {
		code = 1
	}
	d.Set("return_code", code)
	d.Set("succeeded", status == execution.Succeeded)
	d.Set("failed", status == execution.Failed)
	return d
}

// whole makes a schema of the old form of output schemas, which has properties only.
func whole(output *value.Dict) *value.Dict {
	if output.Has("type") {
		return output
	}
	d := value.NewDict()
	d.Set("type", "object")
	d.Set("properties", output)
	return d
}

// answerSchema is what an answer to a question must look like.
func answerSchema(a *catalog.Action, c orquesta.Call) *value.Dict {
	if c.Input != nil && c.Input.Has("schema") {
		return dict(at(c.Input, "schema"))
	}
	return dict(at(dict(at(action.Parameters(a.Action, a.Runner), "schema")), "default"))
}

// blank is a value of the type that a schema says, with nothing in it.
func blank(schema *value.Dict) value.Value {
	t, _ := schema.Get("type")
	if l, ok := t.(*value.List); ok && len(l.Items) > 0 {
		t = l.Items[0]
	}
	switch t {
	case "string":
		return ""
	case "integer", "number":
		return int64(0)
	case "boolean":
		return false
	case "array":
		return value.NewList()
	case "object":
		d := value.NewDict()
		for name, v := range dict(at(schema, "properties")).Texts() {
			below, _ := v.(*value.Dict)
			if below == nil {
				below = value.NewDict()
			}
			d.Set(name, blank(below))
		}
		return d
	}
	return nil
}
