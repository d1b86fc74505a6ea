package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/alias"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/policy"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// loader puts documents of StackStorm's database into a ledger.
type loader struct{ docs *value.Dict }

func (l *loader) of(model string) []*value.Dict {
	v, _ := l.docs.Get(model)
	list, ok := v.(*value.List)
	if !ok {
		return nil
	}
	var out []*value.Dict
	for _, item := range list.Items {
		out = append(out, item.(*value.Dict))
	}
	return out
}

func textAt(d *value.Dict, name string) string {
	v, _ := d.Get(name)
	if v == nil {
		return ""
	}
	return value.Str(v)
}

func dictAt(d *value.Dict, name string) *value.Dict {
	v, _ := d.Get(name)
	if v, ok := v.(*value.Dict); ok {
		return v
	}
	return value.NewDict()
}

func rawAt(d *value.Dict, name string) json.RawMessage {
	v, ok := d.Get(name)
	if !ok {
		return nil
	}
	b, err := value.ToJSON(v)
	if err != nil {
		return nil
	}
	return b
}

func momentAt(d *value.Dict, name string) (time.Time, error) {
	text := textAt(d, name)
	if text == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339Nano, strings.Replace(text, " ", "T", 1))
}

// load reads the documents of a model as one of our nouns. Change puts right what is called
// otherwise.
func load[T any](l *loader, model, uid string, change func(d *value.Dict)) ([]*T, error) {
	var out []*T
	for _, doc := range l.of(model) {
		d := doc.Clone()
		if uid != "" {
			d.Set("uid", strings.TrimSuffix(uid+":"+textAt(d, "pack"), ":")+":"+textAt(d, "name"))
		}
		if change != nil {
			change(d)
		}
		b, err := d.MarshalJSON()
		if err != nil {
			return nil, err
		}
		var n T
		if err := json.Unmarshal(b, &n); err != nil {
			return nil, fmt.Errorf("%s: %w", model, err)
		}
		out = append(out, &n)
	}
	return out, nil
}

// content is what is registered.
func (l *loader) content() (src source, err error) {
	l.thaw()
	if src.Runners, err = load[action.RunnerType](l, "RunnerTypeDB", "runner_type", nil); err != nil {
		return src, err
	}
	for _, t := range src.Runners {
		t.Conducted = t.Name == "orquesta" || t.Name == "action-chain"
	}
	if src.Actions, err = load[action.Action](l, "ActionDB", "action", func(d *value.Dict) {
		if name := textAt(dictAt(d, "runner_type"), "name"); name != "" {
			d.Set("runner_type", name)
		}
		if dictAt(d, "notify").Len() == 0 {
			d.Delete("notify")
		}
	}); err != nil {
		return src, err
	}
	if src.TriggerTypes, err = load[trigger.Type](l, "TriggerTypeDB", "trigger_type", nil); err != nil {
		return src, err
	}
	if src.Triggers, err = load[trigger.Trigger](l, "TriggerDB", "", func(d *value.Dict) {
		d.Set("uid", trigger.UIDOf(textAt(d, "pack"), textAt(d, "name"), dictAt(d, "parameters")))
	}); err != nil {
		return src, err
	}
	if src.Rules, err = load[rule.Rule](l, "RuleDB", "rule", func(d *value.Dict) {
		ref, ok := d.Get("trigger")
		if _, text := ref.(string); !ok || !text {
			return
		}
		to := value.NewDict()
		to.Set("ref", ref)
		for _, t := range src.Triggers {
			if t.Ref == ref {
				to.Set("type", t.Type)
				to.Set("parameters", t.Parameters)
			}
		}
		d.Set("trigger", to)
	}); err != nil {
		return src, err
	}
	if src.Packs, err = load[pack.Pack](l, "PackDB", "", func(d *value.Dict) { d.Set("uid", "pack:"+textAt(d, "ref")) }); err != nil {
		return src, err
	}
	if src.Sensors, err = load[pack.Sensor](l, "SensorTypeDB", "sensor_type", nil); err != nil {
		return src, err
	}
	if src.Aliases, err = load[alias.Alias](l, "ActionAliasDB", "action_alias", nil); err != nil {
		return src, err
	}
	if src.Policies, err = load[policy.Policy](l, "PolicyDB", "policy", nil); err != nil {
		return src, err
	}
	for _, model := range []string{"ConfigSchemaDB", "ConfigDB"} { // here, there are none without their pack
		for _, d := range l.of(model) {
			ref := textAt(d, "pack")
			if !slices.ContainsFunc(src.Packs, func(p *pack.Pack) bool { return p.Ref == ref }) {
				src.Packs = append(src.Packs, &pack.Pack{ID: ident.New(time.Now()), Ref: ref, Name: ref})
			}
		}
	}
	src.ConfigSchemas, src.Configs = map[string]*value.Dict{}, map[string]*value.Dict{}
	for _, d := range l.of("ConfigSchemaDB") {
		src.ConfigSchemas[textAt(d, "pack")] = dictAt(d, "attributes")
	}
	for _, d := range l.of("ConfigDB") {
		src.Configs[textAt(d, "pack")] = dictAt(d, "values")
	}
	return src, nil
}

// policyTypes are those of the documents. They have no code here, and what they mean
// for executions is not asked.
func (l *loader) policyTypes() policy.Types {
	var out policy.Types
	for _, d := range l.of("PolicyTypeDB") {
		out = append(out, policy.Type{
			ID: textAt(d, "id"), Name: textAt(d, "name"), ResourceType: textAt(d, "resource_type"), Description: textAt(d, "description"),
			Module: textAt(d, "module"), Enabled: textAt(d, "enabled") == "True", Parameters: dictAt(d, "parameters"),
			Compile: func(*policy.Policy) (policy.Governor, error) { return policy.Governor{}, nil },
		})
	}
	return out
}

// thaw adds what executions have kept of their actions and the like to what is
// registered, from where we show it.
func (l *loader) thaw() {
	l.docs = l.docs.Clone()
	known := map[string]bool{}
	models := map[string]string{
		"action": "ActionDB", "runner": "RunnerTypeDB", "trigger": "TriggerDB", "trigger_type": "TriggerTypeDB", "rule": "RuleDB",
	}
	for _, model := range models {
		for _, d := range l.of(model) {
			known[model+refOf(d)] = true
		}
	}
	for _, e := range l.of("ActionExecutionDB") {
		for name, model := range models {
			d := dictAt(e, name)
			if d.Len() < 3 && name != "action" || refOf(d) == "" || known[model+refOf(d)] {
				continue
			}
			known[model+refOf(d)] = true
			d = d.Clone()
			d.Set("ref", refOf(d))
			if name == "action" && !l.has("RunnerTypeDB", textAt(d, "runner_type")) {
				d.Set("runner_type", textAt(dictAt(e, "runner"), "name"))
			}
			l.docs.Set(model, value.NewList(append(l.items(model), d)...))
		}
	}
}

func (l *loader) has(model, name string) bool {
	return slices.ContainsFunc(l.of(model), func(d *value.Dict) bool { return textAt(d, "name") == name })
}

func (l *loader) items(model string) []value.Value {
	v, _ := l.docs.Get(model)
	if list, ok := v.(*value.List); ok {
		return slices.Clone(list.Items)
	}
	return nil
}

// write puts the rest into the ledger: what happened, keys and users.
func (l *loader) write(ctx context.Context, tx *store.Tx) error {
	for _, put := range []func(context.Context, *store.Tx) error{l.executions, l.events, l.pairs, l.keys} {
		if err := put(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) executions(ctx context.Context, tx *store.Tx) error {
	for _, d := range l.of("ActionExecutionDB") {
		e, err := executionOf(d)
		if err != nil {
			return err
		}
		if err := tx.InsertExecution(ctx, e); err != nil {
			return err
		}
	}
	for _, d := range l.of("ActionExecutionOutputDB") {
		at, err := momentAt(d, "timestamp")
		if err != nil {
			return err
		}
		err = tx.AddOutput(ctx, []store.Chunk{{
			Execution: textAt(d, "execution_id"), Stream: textAt(d, "output_type"), At: at, Data: textAt(d, "data"),
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

func executionOf(d *value.Dict) (*execution.Execution, error) {
	e := &execution.Execution{
		ID: textAt(d, "id"), Status: execution.Status(textAt(d, "status")), Action: textAt(dictAt(d, "action"), "ref"),
		Runner: textAt(dictAt(d, "runner"), "name"), Parameters: rawAt(d, "parameters"), Parent: textAt(d, "parent"),
		TriggerType: refOf(dictAt(d, "trigger_type")), Trigger: refOf(dictAt(d, "trigger")),
	}
	if e.Action == "" {
		e.Action = refOf(dictAt(d, "action"))
	}
	if dictAt(d, "result").Len() > 0 {
		e.Result = rawAt(d, "result")
	}
	if raw := rawAt(d, "context"); raw != nil {
		if err := json.Unmarshal(raw, &e.Context); err != nil {
			return nil, err
		}
	}
	if r := dictAt(d, "rule"); r.Len() > 0 {
		e.Context.Rule = &execution.Named{ID: textAt(r, "id"), Name: textAt(r, "name")}
	}
	if i := dictAt(d, "trigger_instance"); i.Len() > 0 {
		e.Context.TriggerInstance = &execution.Named{ID: textAt(i, "id")}
	}
	var err error
	if e.CreatedAt, err = momentAt(d, "start_timestamp"); err != nil {
		return nil, err
	}
	if e.FinishedAt, err = momentAt(d, "end_timestamp"); err != nil {
		return nil, err
	}
	e.StartedAt = e.CreatedAt
	parts, _ := d.Get("children")
	e.Conducted = !empty(parts)
	log, _ := d.Get("log")
	if l, ok := log.(*value.List); ok {
		for _, item := range l.Items {
			at, err := momentAt(item.(*value.Dict), "timestamp")
			if err != nil {
				return nil, err
			}
			e.Log = append(e.Log, execution.LogEntry{Status: execution.Status(textAt(item.(*value.Dict), "status")), At: at})
		}
	}
	return e, nil
}

func refOf(d *value.Dict) string {
	if ref := textAt(d, "ref"); ref != "" || d.Len() == 0 {
		return ref
	}
	return textAt(d, "pack") + "." + textAt(d, "name")
}

func (l *loader) events(ctx context.Context, tx *store.Tx) error {
	var known []string
	event := func(d *value.Dict) error {
		at, err := momentAt(d, "occurrence_time")
		if err != nil || slices.Contains(known, textAt(d, "id")) {
			return err
		}
		known = append(known, textAt(d, "id"))
		_, err = tx.InsertInstance(ctx, &trigger.Instance{
			ID: textAt(d, "id"), Trigger: textAt(d, "trigger"), Payload: rawAt(d, "payload"), OccurredAt: at,
			Status: trigger.InstanceStatus(textAt(d, "status")),
		})
		return err
	}
	for _, d := range l.of("TriggerInstanceDB") {
		if err := event(d); err != nil {
			return err
		}
	}
	for _, d := range l.of("ActionExecutionDB") { // an execution has kept its event
		if i := dictAt(d, "trigger_instance"); i.Len() > 0 {
			if err := event(i); err != nil {
				return err
			}
		}
	}
	for _, d := range l.of("RuleEnforcementDB") {
		at, err := momentAt(d, "enforced_at")
		if err != nil {
			return err
		}
		// An enforcement is found by what it started, which the documents lack.
		if id := textAt(d, "execution_id"); id != "" && len(l.of("ActionExecutionDB")) == 0 {
			started := &execution.Execution{ID: id, Status: execution.Succeeded, CreatedAt: at}
			started.Context.TriggerInstance = &execution.Named{ID: textAt(d, "trigger_instance_id")}
			if err := tx.InsertExecution(ctx, started); err != nil {
				return err
			}
		}
		err = tx.InsertEnforcement(ctx, store.Enforcement{
			ID: textAt(d, "id"), RuleRef: textAt(dictAt(d, "rule"), "ref"), RuleID: textAt(dictAt(d, "rule"), "id"),
			Instance: textAt(d, "trigger_instance_id"), Execution: textAt(d, "execution_id"),
			Failed: textAt(d, "status") == "failed", FailureReason: textAt(d, "failure_reason"), At: at,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) pairs(ctx context.Context, tx *store.Tx) error {
	for _, d := range l.of("KeyValuePairDB") {
		scope, _ := kv.Scope(textAt(d, "scope"))
		secret, _ := d.Get("secret")
		p := kv.Pair{Scope: scope, Name: textAt(d, "name"), Value: textAt(d, "value"), Secret: secret == true, Encrypted: secret == true, UpdatedAt: time.Now()}
		if scope == kv.User {
			p.User, p.Name, _ = strings.Cut(p.Name, ":")
		}
		if err := tx.PutKey(ctx, textAt(d, "id"), p); err != nil {
			return err
		}
	}
	return nil
}
