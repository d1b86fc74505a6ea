package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/alias"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/secret"
)

func (a *API) aliasRoutes() []*route {
	aliases := aliasShelf()
	return []*route{
		to("GET", ourService, "/executions/{id}/message", "execution_view", (*call).executionMessage, "Show what a chat is told of the end of an execution.").
			gives(http.StatusOK, wire.ChatMessage{}).on((*call).aboutExecution),
		aliases.lists("/actionalias", "action_alias_list", "List action aliases."),
		to("POST", apiService, "/actionalias", "action_alias_create", (*call).createAlias, "Make an action alias.").takes(aliasBody).
			gives(http.StatusCreated, wire.Alias{}).inside("on the alias that is made"),
		aliases.shows("/actionalias/{ref}", "action_alias_view", "Show an action alias."),
		to("PUT", apiService, "/actionalias/{ref}", "action_alias_modify", (*call).updateAlias, "Change an action alias.").takes(aliasBody).
			gives(http.StatusOK, wire.Alias{}).on(aliases.about),
		to("DELETE", apiService, "/actionalias/{ref}", "action_alias_delete", (*call).deleteAlias, "Delete an action alias.").
			empties().on(aliases.about),
		to("POST", apiService, "/actionalias/match", "action_alias_match", (*call).matchAlias, "Find the alias that a command fits.").changesNothing().takes(aliasMatchBody).
			gives(http.StatusOK, wire.AliasMatch{}).overall(),
		to("GET", apiService, "/actionalias/help", "action_alias_help", (*call).aliasHelp, "Show what commands there are.").
			gives(http.StatusOK, wire.AliasHelp{}).pages(100).texts("pack", "filter").overall(),
		to("POST", apiService, "/aliasexecution", "action_execute", (*call).executeAlias, "Run the action of an alias.").takes(aliasExecutionBody).
			gives(http.StatusCreated, wire.AliasExecution{}).masks().inside("on the action of the alias"),
		to("POST", apiService, "/aliasexecution/match_and_execute", "action_execute", (*call).matchAndExecute,
			"Find the alias that a command fits, and run its action.").takes(aliasMatchAndExecuteBody).
			gives(http.StatusCreated, wire.AliasExecutions{}).masks().inside("on the action of the alias"),
	}
}

const (
	aliasBody = `{"type": "object", "additionalProperties": false, "properties": {
		"name": {"type": "string", "required": true}, "pack": {"type": "string", "required": true}, "description": {"type": "string"},
		"enabled": {"type": "boolean"}, "action_ref": {"type": "string", "required": true},
		"formats": {"type": "array", "required": true}, "ack": {"type": "object"}, "result": {"type": "object"}, "extra": {"type": "object"},
		"immutable_parameters": {"type": "object"},
		"ref": {"type": "string"}, "uid": {"type": "string"}, "id": {"type": "string"}, "metadata_file": {"type": "string"}}}`
	aliasMatchBody = `{"type": "object", "additionalProperties": false, "properties": {
		"command": {"type": "string", "required": true}}}`
	aliasMatchAndExecuteBody = `{"type": "object", "additionalProperties": false, "properties": {
		"command": {"type": "string", "required": true}, "source_channel": {"type": "string", "required": true},
		"user": {"type": "string"}, "source_context": {"type": "object"},
		"notification_channel": {"type": "string"}, "notification_route": {"type": "string"}}}`
	aliasExecutionBody = `{"type": "object", "additionalProperties": false, "properties": {
		"name": {"type": "string", "required": true}, "format": {"type": "string", "required": true},
		"command": {"type": "string", "required": true}, "source_channel": {"type": "string", "required": true},
		"user": {"type": "string"}, "source_context": {"type": "object"},
		"notification_channel": {"type": "string"}, "notification_route": {"type": "string"}}}`
)

func aliasShelf() shelf[*alias.Alias, wire.Alias] {
	return shelf[*alias.Alias, wire.Alias]{
		all: (*catalog.Catalog).Aliases, find: (*catalog.Catalog).Alias,
		wire: func(_ *call, a *alias.Alias, _ selection) wire.Alias { return wire.AliasOf(a) },
		text: func(a *alias.Alias, name string) (string, bool) {
			return pick(name, map[string]string{"id": a.ID, "ref": a.Ref, "name": a.Name, "pack": a.Pack, "uid": a.UID})
		},
		filters: []string{"name", "pack"}, view: "action_alias_view", limit: 100,
		attrs: attributesOf[wire.Alias](nil, []string{"ref"}),
	}
}

// aliasRequest is an alias as it is made or changed.
func (c *call) aliasRequest() (*alias.Alias, error) {
	a := alias.Alias{Enabled: true}
	if err := c.into(&a); err != nil {
		return nil, err
	}
	a.ID, a.UID, a.Ref = "", "", a.Pack+"."+a.Name
	return &a, guardPack(a.Pack)
}

func (c *call) createAlias() error {
	a, err := c.aliasRequest()
	if err != nil {
		return err
	}
	if err := c.allow("action_alias_create", c.resources().alias(a)); err != nil {
		return err
	}
	if a, err = c.Registrar.CreateAlias(c.ctx(), a); err != nil {
		return err
	}
	return c.json(http.StatusCreated, wire.AliasOf(a))
}

func (c *call) updateAlias() error {
	old, err := aliasShelf().get(c)
	if err != nil {
		return err
	}
	if err := guardPack(old.Pack); err != nil {
		return err
	}
	a, err := c.aliasRequest()
	if err != nil {
		return err
	}
	if err := c.makes("action_alias_create", c.resources().alias(a), c.resources().alias(old).UID); err != nil {
		return err
	}
	if a, err = c.Registrar.UpdateAlias(c.ctx(), old.Ref, a); err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.AliasOf(a))
}

func (c *call) deleteAlias() error {
	a, err := aliasShelf().get(c)
	if err != nil {
		return err
	}
	if err := guardPack(a.Pack); err != nil {
		return err
	}
	if err := c.Registrar.DeleteAlias(c.ctx(), a.Ref); err != nil {
		return err
	}
	return c.empty()
}

func (c *call) matchAlias() error {
	var req struct {
		Command string `json:"command"`
	}
	if err := c.into(&req); err != nil {
		return err
	}
	m, err := alias.Find(c.catalog().Aliases(), req.Command)
	if err != nil {
		return err
	}
	out := wire.AliasMatch{ActionAlias: wire.AliasOf(m.Alias), Representation: m.Representation}
	if m.Format.Display != "" {
		out.Display = &m.Format.Display
	}
	return c.json(http.StatusOK, out)
}

func (c *call) aliasHelp() error {
	p, err := c.page(100)
	if err != nil {
		return err
	}
	found, available, err := alias.HelpOn(c.catalog().Aliases(), alias.HelpQuery{
		Pack: c.param("pack"), Filter: c.param("filter"), Limit: p.limit, Offset: p.offset,
	})
	if err != nil {
		return err
	}
	out := wire.AliasHelp{Available: available, HelpStrings: []wire.AliasLine{}}
	for _, h := range found {
		out.HelpStrings = append(out.HelpStrings, wire.AliasLine(h))
	}
	return c.json(http.StatusOK, out)
}

// aliasNamed finds an alias by its name, as StackStorm does, or by its reference.
// An enabled one goes before others of its name.
func (c *call) aliasNamed(name string) (*alias.Alias, error) {
	var found *alias.Alias
	for _, a := range c.catalog().Aliases() {
		if (a.Name == name || a.Ref == name) && (found == nil || a.Enabled && !found.Enabled) {
			found = a
		}
	}
	switch {
	case found == nil:
		return nil, fault.Newf(fault.NotFound, "Unable to identify action alias with name \"%s\".", shortened(name))
	case !found.Enabled:
		return nil, fault.Newf(fault.Invalid, "Action alias with name \"%s\" is disabled.", name)
	}
	return found, nil
}

func (c *call) executeAlias() error {
	var req wire.AliasRequest
	if err := c.into(&req); err != nil {
		return err
	}
	a, err := c.aliasNamed(req.Name)
	if err != nil {
		return err
	}
	results, err := c.command(a, req, false)
	if err != nil {
		return err
	}
	return c.json(http.StatusCreated, results[0])
}

func (c *call) matchAndExecute() error {
	var req wire.AliasRequest
	if err := c.into(&req); err != nil {
		return err
	}
	m, err := alias.Find(c.catalog().Aliases(), req.Command)
	if err != nil {
		return err
	}
	req.Format = m.Representation
	results, err := c.command(m.Alias, req, m.Format.Multiple)
	if err != nil {
		return err
	}
	return c.json(http.StatusCreated, wire.AliasExecutions{Results: results})
}

// command runs the action of an alias, once or, if multiple, for each place of the
// command that fits.
func (c *call) command(a *alias.Alias, req wire.AliasRequest, multiple bool) ([]wire.AliasExecution, error) {
	show, err := c.secrets()
	if err != nil {
		return nil, err
	}
	act, ok := c.catalog().Action(a.ActionRef)
	if !ok {
		return nil, fault.Newf(fault.NotFound, "Action with ref \"%s\" not found ", a.ActionRef)
	}
	if err := c.allow("action_execute", actionResource(act.Action)); err != nil {
		return nil, err
	}
	said := value.NewDict()
	said.Set("action_alias_ref", a.Ref)
	said.Set("api_user", req.User)
	said.Set("user", c.who.User)
	said.Set("source_channel", req.SourceChannel)
	ctx, opened := secret.Listen(c.ctx())
	immutable, err := c.immutable(ctx, a, said)
	if err != nil {
		return nil, err
	}
	all, err := a.Parameters(req.Format, req.Command, multiple, immutable)
	if err != nil {
		return nil, err
	}
	notify, err := answerTo(req)
	if err != nil {
		return nil, err
	}
	r := execution.Request{Action: a.ActionRef, Notify: notify, Secrets: opened.Texts()}
	if err := decode(said, &r.Context); err != nil {
		return nil, err
	}
	results := make([]wire.AliasExecution, len(all))
	for i, given := range all {
		if act.Params != nil {
			if given, err = act.Params.CastText(given); err != nil {
				return nil, err
			}
		}
		r.Parameters = given
		e, err := c.start(r)
		if err != nil {
			return nil, err
		}
		results[i] = wire.AliasExecution{Execution: c.executionView(e, selection{}, show), ActionAlias: wire.AliasOf(a)}
		if err := c.acknowledge(a, &results[i]); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// immutable returns the immutable parameters of an alias, rendered with what is
// known of the command; nil if there are none.
func (c *call) immutable(ctx context.Context, a *alias.Alias, said *value.Dict) (*value.Dict, error) {
	if a.ImmutableParameters == nil || a.ImmutableParameters.Len() == 0 {
		return nil, nil
	}
	v, err := c.Launcher.Render(ctx, a.ImmutableParameters, c.who.User, said)
	if err != nil {
		return nil, fmt.Errorf("render the immutable parameters of %s: %w", a.Ref, err)
	}
	d, _ := v.(*value.Dict)
	return d, nil
}

// answerTo returns where the result goes: to the route that the client names, with
// what it needs to find the place that the command came from. That is what people in the
// chat write, so it is no template. Without a route it is for the action to say who hears
// of its end.
func answerTo(req wire.AliasRequest) (json.RawMessage, error) {
	route := req.NotificationRoute
	if route == "" {
		route = req.NotificationChannel
	}
	if route == "" {
		return nil, nil
	}
	data, err := value.FromJSON(compactJSON(map[string]any{
		"user": req.User, "source_channel": req.SourceChannel, "source_context": rawOrNull(req.SourceContext),
	}))
	return compactJSON(map[string]any{"on-complete": map[string]any{
		"routes": []string{route}, "data": wire.JSON(action.Literal(data)),
	}}), err
}

// acknowledge adds to out what the chat is to say at once. A mistake in the
// template of that is said instead: the action runs already.
func (c *call) acknowledge(a *alias.Alias, out *wire.AliasExecution) error {
	render := func(key string) (value.Value, error) {
		if a.Ack == nil {
			return nil, nil
		}
		text, _ := a.Ack.Get(key)
		if text == nil {
			return nil, nil
		}
		vars := value.NewDict()
		if err := vars.UnmarshalJSON(compactJSON(out)); err != nil {
			return nil, err
		}
		v, err := c.shown(text, vars)
		if fault.KindOf(err) == fault.Invalid {
			return fmt.Sprintf("Cannot render \"%s\" in field \"ack\" for alias. %v", key, err), nil
		}
		return v, err
	}
	message, err := render("format")
	if err != nil {
		return err
	}
	if message != nil {
		text := value.Str(message)
		out.Message = &text
	}
	extra, err := render("extra")
	if err != nil {
		return err
	}
	if extra != nil {
		out.Extra = wire.JSON(extra)
	}
	return nil
}
