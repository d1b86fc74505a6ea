package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/policy"
)

func (a *API) contentRoutes() []*route {
	packs, actions, overview := packShelf(), actionShelf(), overviewShelf()
	runners, sensors := runnerShelf(), sensorShelf()
	policies, types := policyShelf(), policyTypeShelf()
	return []*route{
		packs.lists("/packs", "pack_list", "List packs."),
		packs.shows("/packs/{ref}", "pack_view", "Show a pack."),
		to("POST", apiService, "/packs/register", "pack_register", (*call).registerPacks, "Read the folders of packs again.").takes(registerBody).overall(),

		actions.lists("/actions", "action_list", "List actions."),
		to("POST", apiService, "/actions", "action_create", (*call).createAction, "Make an action.").takes(actionBody).
			gives(http.StatusCreated, wire.Action{}).inside("on the action that is made"),
		actions.shows("/actions/{ref}", "action_view", "Show an action."),
		to("PUT", apiService, "/actions/{ref}", "action_modify", (*call).updateAction, "Change an action.").takes(actionBody).
			gives(http.StatusOK, wire.Action{}).on(actions.about),
		to("DELETE", apiService, "/actions/{ref}", "action_delete", (*call).deleteAction, "Delete an action.").takes(actionDeleteBody).
			empties().on(actions.about),
		to("POST", apiService, "/actions/{ref}/clone", "action_create", (*call).cloneAction, "Copy an action with its files into a pack.").takes(actionCloneBody).
			gives(http.StatusCreated, wire.Action{}).inside("on the copy, and action_view on the action"),
		overview.lists("/actions/views/overview", "action_list", "List actions with all parameters that they take."),
		overview.shows("/actions/views/overview/{ref}", "action_view", "Show an action with all parameters that it takes."),
		to("GET", apiService, "/actions/views/parameters/{ref}", "action_view", (*call).actionParameters, "Show all parameters that an action takes.").
			gives(http.StatusOK, wire.ActionParameters{}).on(actions.about),
		to("GET", apiService, "/actions/views/entry_point/{ref}", "action_view", (*call).entryPoint, "Show the program of an action.").
			sends("text/plain").on(actions.about),

		runners.lists("/runnertypes", "runner_type_list", "List runner types."),
		runners.shows("/runnertypes/{ref}", "runner_type_view", "Show a runner type."),
		to("PUT", apiService, "/runnertypes/{ref}", "runner_type_modify", (*call).updateRunner, "Switch a runner type on or off.").takes(runnerBody).
			gives(http.StatusOK, wire.Runner{}).on(runners.about),

		sensors.lists("/sensortypes", "sensor_type_list", "List sensors."),
		sensors.shows("/sensortypes/{ref}", "sensor_type_view", "Show a sensor."),
		to("PUT", apiService, "/sensortypes/{ref}", "sensor_type_modify", (*call).updateSensor, "Switch a sensor on or off.").takes(runnerBody).
			gives(http.StatusOK, wire.Sensor{}).on(sensors.about),

		policies.lists("/policies", "policy_list", "List policies."),
		to("POST", apiService, "/policies", "policy_create", (*call).createPolicy, "Make a policy.").takes(policyBody).
			gives(http.StatusCreated, wire.Policy{}).overall(),
		policies.shows("/policies/{ref}", "policy_view", "Show a policy."),
		to("PUT", apiService, "/policies/{ref}", "policy_modify", (*call).updatePolicy, "Change a policy.").takes(policyBody).
			gives(http.StatusOK, wire.Policy{}).on(policies.about),
		to("DELETE", apiService, "/policies/{ref}", "policy_delete", (*call).deletePolicy, "Delete a policy.").
			empties().on(policies.about),
		types.lists("/policytypes", "policy_type_list", "List types of policies."),
		types.shows("/policytypes/{ref}", "policy_type_view", "Show a type of policies."),
	}
}

const (
	registerBody = `{"type": "object", "additionalProperties": false, "properties": {
		"types": {"type": "array", "items": {"type": "string"}}, "packs": {"type": "array", "items": {"type": "string"}},
		"fail_on_failure": {"type": "boolean"}}}`
	runnerBody = `{"type": "object", "properties": {"enabled": {"type": "boolean", "required": true}}}`
	policyBody = `{"type": "object", "additionalProperties": false, "properties": {
		"name": {"type": "string", "required": true}, "pack": {"type": "string"},
		"resource_ref": {"type": "string", "required": true}, "policy_type": {"type": "string", "required": true},
		"description": {"type": "string"}, "enabled": {"type": "boolean"}, "parameters": {"type": "object"},
		"ref": {"type": "string"}, "uid": {"type": "string"}, "id": {"type": "string"}, "metadata_file": {"type": "string"}}}`
)

func packShelf() shelf[*pack.Pack, wire.Pack] {
	return shelf[*pack.Pack, wire.Pack]{
		all: (*catalog.Catalog).Packs,
		find: func(c *catalog.Catalog, name string) (*pack.Pack, bool) {
			if p, ok := c.Pack(name); ok {
				return p, true
			}
			for _, p := range c.Packs() {
				if p.Name == name {
					return p, true
				}
			}
			return nil, false
		},
		wire: func(_ *call, p *pack.Pack, _ selection) wire.Pack { return wire.PackOf(p) },
		text: func(p *pack.Pack, name string) (string, bool) {
			return pick(name, map[string]string{"id": p.ID, "ref": p.Ref, "name": p.Name, "uid": p.UID})
		},
		filters: []string{"name", "ref"}, view: "pack_view", limit: 100, noun: "ref or id",
		attrs: attributesOf[wire.Pack](nil, nil),
	}
}

// pick is the text of a name.
func pick(name string, texts map[string]string) (string, bool) {
	v, ok := texts[name]
	return v, ok
}

func runnerShelf() shelf[*action.RunnerType, wire.Runner] {
	return shelf[*action.RunnerType, wire.Runner]{
		all: (*catalog.Catalog).Runners, find: (*catalog.Catalog).Runner,
		wire: func(_ *call, r *action.RunnerType, _ selection) wire.Runner { return wire.RunnerOf(r) },
		text: func(r *action.RunnerType, name string) (string, bool) {
			return pick(name, map[string]string{"id": r.ID, "name": r.Name, "uid": r.UID})
		},
		filters: []string{"name"}, limit: 100, noun: "name or id",
		attrs: attributesOf[wire.Runner](nil, nil),
	}
}

func (c *call) updateRunner() error {
	rt, err := runnerShelf().get(c)
	if err != nil {
		return err
	}
	var req struct {
		Enabled bool `json:"enabled"`
	}
	if err := c.into(&req); err != nil {
		return err
	}
	if err := c.switches("To switch a runner type"); err != nil {
		return err
	}
	if rt, err = c.Registrar.EnableRunner(c.ctx(), rt.Name, req.Enabled); err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.RunnerOf(rt))
}

func sensorShelf() shelf[*pack.Sensor, wire.Sensor] {
	return shelf[*pack.Sensor, wire.Sensor]{
		all: (*catalog.Catalog).Sensors, find: (*catalog.Catalog).Sensor,
		wire: func(_ *call, s *pack.Sensor, _ selection) wire.Sensor { return wire.SensorOf(s) },
		text: func(s *pack.Sensor, name string) (string, bool) {
			return pick(name, map[string]string{
				"id": s.ID, "ref": s.Ref, "name": s.Name, "pack": s.Pack, "uid": s.UID, "enabled": flagText(s.Enabled),
			})
		},
		keep: func(c *call, s *pack.Sensor) (bool, error) {
			want := c.param("trigger")
			return want == "" || slices.Contains(s.TriggerTypes, want), nil
		},
		filters: []string{"name", "pack"}, flags: []string{"enabled"}, view: "sensor_type_view",
		attrs: attributesOf[wire.Sensor](nil, []string{"ref"}),
	}
}

func policyShelf() shelf[*policy.Policy, wire.Policy] {
	return shelf[*policy.Policy, wire.Policy]{
		all: (*catalog.Catalog).Policies, find: (*catalog.Catalog).Policy,
		wire: func(_ *call, p *policy.Policy, _ selection) wire.Policy { return wire.PolicyOf(p) },
		text: func(p *policy.Policy, name string) (string, bool) {
			return pick(name, map[string]string{
				"id": p.ID, "ref": p.Ref, "name": p.Name, "pack": p.Pack, "uid": p.UID,
				"resource_ref": p.ResourceRef, "policy_type": p.PolicyType,
			})
		},
		filters: []string{"name", "pack"}, view: "policy_view", limit: 100,
		attrs: attributesOf[wire.Policy](nil, []string{"ref"}),
	}
}

// policyRequest is a policy as it is made or changed.
func (c *call) policyRequest() (*policy.Policy, error) {
	p := policy.Policy{Enabled: true, Pack: "default"}
	if err := c.into(&p); err != nil {
		return nil, err
	}
	if p.Parameters == nil {
		p.Parameters = value.NewDict()
	}
	p.ID, p.UID, p.Ref = "", "", p.Pack+"."+p.Name
	if c.who.hides(c.resources().policy(&p)) {
		return nil, fault.Newf(fault.Forbidden, "User \"%s\" may make no policy of action %s.", c.who.User, p.ResourceRef)
	}
	return &p, nil
}

func (c *call) createPolicy() error {
	p, err := c.policyRequest()
	if err != nil {
		return err
	}
	if p, err = c.Registrar.CreatePolicy(c.ctx(), p); err != nil {
		return err
	}
	return c.json(http.StatusCreated, wire.PolicyOf(p))
}

func (c *call) updatePolicy() error {
	old, err := policyShelf().get(c)
	if err != nil {
		return err
	}
	if err := guardPack(old.Pack); err != nil {
		return err
	}
	p, err := c.policyRequest()
	if err != nil {
		return err
	}
	if p, err = c.Registrar.UpdatePolicy(c.ctx(), old.Ref, p); err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.PolicyOf(p))
}

func (c *call) deletePolicy() error {
	p, err := policyShelf().get(c)
	if err != nil {
		return err
	}
	if err := guardPack(p.Pack); err != nil {
		return err
	}
	if err := c.Registrar.DeletePolicy(c.ctx(), p.Ref); err != nil {
		return err
	}
	return c.empty()
}

func policyTypeShelf() shelf[policy.Type, wire.PolicyType] {
	return shelf[policy.Type, wire.PolicyType]{
		all: (*catalog.Catalog).PolicyTypes, find: (*catalog.Catalog).PolicyType,
		wire: func(_ *call, t policy.Type, _ selection) wire.PolicyType { return wire.PolicyTypeOf(t) },
		text: func(t policy.Type, name string) (string, bool) {
			return pick(name, map[string]string{
				"id": t.ID, "ref": t.Ref(), "name": t.Name, "uid": t.UID(), "resource_type": t.ResourceType,
			})
		},
		filters: []string{"name", "resource_type"}, limit: 100,
		attrs: attributesOf[wire.PolicyType](nil, nil),
	}
}

func (c *call) registerPacks() error {
	var req struct {
		Packs []string `json:"packs"`
		Types []string `json:"types"`
		Fail  *bool    `json:"fail_on_failure"`
	}
	if err := c.into(&req); err != nil {
		return err
	}
	counts, findings, err := c.Registrar.RegisterPacks(c.ctx(), req.Packs, req.Types)
	if err != nil {
		return err
	}
	if failures := slices.DeleteFunc(slices.Clone(findings), isWarning); len(failures) > 0 && (req.Fail == nil || *req.Fail) {
		return fault.Newf(fault.Invalid, "%s", joined(failures))
	}
	out := map[string]any{}
	for kind, n := range counts {
		out[kind] = n
	}
	if len(findings) > 0 {
		out["findings"] = findings
	}
	return c.json(http.StatusOK, out)
}

// isWarning reports whether a finding is none that keeps something from being
// registered. Findings have the form file:line:column: severity: text.
func isWarning(finding string) bool { return strings.Contains(finding, ": warning: ") }
