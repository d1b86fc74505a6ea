package api

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/nightshift-run/nightshift/internal/alias"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/secret"
)

// usualMessage is what a chat is told of an end where no alias says it in its own words.
const usualMessage = `{{ execution.action.ref }} {% if execution.status == "succeeded" %}succeeded{% else %}ended: {{ execution.status }}{% endif %}
{%- if execution.elapsed_seconds is defined %} after {{ execution.elapsed_seconds | round | int | to_human_time_from_seconds }}{% endif %} (execution {{ execution.id }})
{%- if execution.result is defined %}

{{ execution.result | to_json_string(2) }}
{%- endif %}`

// executionMessage answers with what a chat is told of the end of an execution: by the
// result of the alias that started it, or else in the usual words. What is secret is
// masked, as everybody in the chat reads it.
func (c *call) executionMessage() error {
	e, err := c.execution()
	if err != nil {
		return err
	}
	if !e.Status.Final() {
		return fault.Newf(fault.Invalid, "Execution %s is not over yet.", e.ID)
	}
	if e.ResultSize > 0 {
		if e.Result, err = c.result(e); err != nil {
			return err
		}
	}
	vars := value.NewDict()
	if err := setJSON(vars, "execution", c.executionView(e, selection{}, false)); err != nil {
		return err
	}
	result := value.NewDict()
	if a := c.startedBy(e); a != nil {
		if err := setJSON(vars, "actionalias", wire.AliasOf(a)); err != nil {
			return err
		}
		said, _ := vars.Get("actionalias")
		vars.Set("alias", said) // as the templates of packs call it
		if a.Result != nil {
			result = a.Result
		}
	}
	out := wire.ChatMessage{Enabled: true}
	if on, _ := result.Get("enabled"); on == false {
		out.Enabled, result = false, value.NewDict()
	}
	var format value.Value = usualMessage
	if own, _ := result.Get("format"); own != nil {
		format = own
	}
	text, err := c.shown(format, vars)
	if err != nil {
		return err
	}
	out.Message = value.Str(text)
	if extra, _ := result.Get("extra"); extra != nil {
		rendered, err := c.shown(extra, vars)
		if err != nil {
			return err
		}
		out.Extra = wire.JSON(rendered)
	}
	return c.json(http.StatusOK, out)
}

// shown renders what is for people to read: what it decrypts is masked.
func (c *call) shown(v value.Value, vars *value.Dict) (value.Value, error) {
	ctx, opened := secret.Listen(c.ctx())
	out, err := c.Launcher.Render(ctx, v, c.who.User, vars)
	masker := secret.NewMasker(opened.Texts())
	if f, ok := errors.AsType[*fault.Fault](err); ok {
		return nil, fault.Newf(f.Kind, "%s", masker.Text(f.Msg))
	}
	return masker.Value(out), err
}

// startedBy returns the alias by which an execution was started; nil if it was not,
// or the alias is gone.
func (c *call) startedBy(e *execution.Execution) *alias.Alias {
	var ref string
	if json.Unmarshal(e.Context.Extra["action_alias_ref"], &ref) != nil {
		return nil
	}
	a, _ := c.catalog().Alias(ref)
	return a
}

// setJSON sets the JSON of v.
func setJSON(d *value.Dict, name string, v any) error {
	parsed, err := value.FromJSON(compactJSON(v))
	d.Set(name, parsed)
	return err
}
