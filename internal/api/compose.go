package api

import (
	"context"
	"errors"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/expr/yaql"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
	"github.com/nightshift-run/nightshift/internal/rbac"
	"github.com/nightshift-run/nightshift/internal/register"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/workflow/rehearsal"
)

// What whoever composes a workflow or a rule asks before it is kept, and the keeping.
func (a *API) composeRoutes() []*route {
	return []*route{
		to("POST", ourService, "/workflows/rehearse", "", (*call).rehearse, "Play a workflow with given results, without running anything.").changesNothing().
			takes(rehearseBody).gives(http.StatusOK, value.NewDict()).anybody("it runs nothing"),
		to("GET", ourService, "/expressions", "", (*call).listExpressions, "List what expressions can be made of.").
			gives(http.StatusOK, []wire.ExpressionName{}).anybody(ofTheServer),
		to("POST", ourService, "/rules/try", "rule_create", (*call).tryRule, "Ask a rule that is not kept about past events.").changesNothing().
			takes(tryBody).gives(http.StatusOK, wire.RuleTrial{}).inside("on the rule; besides what it takes to make it"),
		to("PUT", ourService, "/packs/{ref}/files", "pack_modify", (*call).writePackFiles, "Write metadata, workflows, rules and policies of a pack, and register it.").
			takes(filesBody).empties().on((*call).aboutPack),
	}
}

const (
	rehearseBody = `{"type": "object", "additionalProperties": false, "properties": {
		"definition": {"type": "string", "required": true},
		"test": {"type": "object"},
		"assume": {"type": "string", "enum": ["", "succeeded", "failed"]},
		"record": {"type": "string", "description": "Path of the definition: answer with a test that expects what has come of it."},
		"questions": {"type": "array", "maxItems": 100, "items": {"type": "object", "additionalProperties": false, "properties": {
			"task": {"type": "string"}, "before": {"type": "boolean"}, "expression": {"type": "string", "required": true}}}}}}`
	tryBody = `{"type": "object", "additionalProperties": false, "properties": {
		"rule": {"type": "object", "required": true, "description": "As a rule is made. Without an action it is only asked what it matches."},
		"events": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
		"after": {"type": "string", "description": "Events since then only."},
		"before": {"type": "string", "description": "Events until then only."}}}`
	filesBody = `{"type": "object", "additionalProperties": false, "properties": {
		"files": {"type": "array", "required": true, "minItems": 1, "maxItems": 20, "items": {"type": "object", "additionalProperties": false, "properties": {
			"path": {"type": "string", "required": true}, "content": {"type": "string", "required": true}, "was": {"type": "string"}}}}}}`
)

// longestRehearsal bounds what one may take, for a workflow may go round and round.
const longestRehearsal = 10 * time.Second

// rehearse plays a workflow. The results are those of the test, which has the form of
// a file of tests, and otherwise those that are likely if all ends as is assumed.
func (c *call) rehearse() error {
	var req struct {
		Definition string           `json:"definition"`
		Assume     execution.Status `json:"assume"`
		Record     string           `json:"record"`
		Questions  []struct {
			Task       string `json:"task"`
			Before     bool   `json:"before"`
			Expression string `json:"expression"`
		} `json:"questions"`
	}
	d, err := c.object()
	if err != nil {
		return err
	}
	if err := decode(d, &req); err != nil {
		return err
	}
	given, _ := d.Get("test")
	written, ok := given.(*value.Dict)
	if !ok {
		written = value.NewDict()
	}
	test, err := rehearsal.Of(written)
	if err != nil {
		return &fault.Fault{Kind: fault.Invalid, Msg: err.Error(), Err: err}
	}
	for _, q := range req.Questions {
		test.Questions = append(test.Questions, rehearsal.Question{Task: q.Task, Before: q.Before, Value: q.Expression})
	}
	ctx, cancel := context.WithTimeout(c.ctx(), longestRehearsal)
	defer cancel()
	done, err := c.inspecting()
	if err != nil {
		return err
	}
	defer done()
	report, err := test.Walk(ctx, []byte(req.Definition), rehearsal.Suppose(req.Assume, c.catalog()))
	if errors.Is(err, context.DeadlineExceeded) {
		return fault.Newf(fault.Invalid, "The workflow was not over after %v of playing it.", longestRehearsal)
	}
	if err != nil {
		return err
	}
	out := report.Entry()
	answers := value.NewList()
	for _, a := range report.Answers {
		answer := value.NewDict()
		if answer.Set("value", a.Value); a.Err != nil {
			answer.Set("error", a.Err.Error())
		}
		answers.Items = append(answers.Items, answer)
	}
	out.Set("answers", answers)
	if req.Record != "" {
		text, err := recorded(ctx, req.Record, []byte(req.Definition), test, report)
		if err != nil {
			return err
		}
		out.Set("recorded", text)
	}
	return c.json(http.StatusOK, out)
}

// recorded is a test of a definition that expects what has just come of it.
func recorded(ctx context.Context, name string, definition []byte, test *rehearsal.Test, played *rehearsal.Report) (string, error) {
	if !played.Outcome.Status.Final() {
		return "", fault.Newf(fault.Invalid, "The workflow is not over, it is %s: there is nothing yet that a test could expect of it.", played.Outcome.Status)
	}
	r := rehearsal.Recording{Workflow: name, Description: test.Description, Test: test}
	for _, p := range played.Calls {
		if p.Action != "" { // others succeed by themselves
			r.Ended = append(r.Ended, rehearsal.Ended{Task: p.Task, Item: p.Item, Undo: p.Undo, Status: p.Status, Result: p.Result})
		}
	}
	text, _, _, err := r.Write(ctx, definition)
	return string(text), err
}

// listExpressions is the same for everybody: it comes with the server.
func (c *call) listExpressions() error {
	all := []wire.ExpressionName{}
	for _, x := range expr.New(expr.Options{}).Reference() {
		all = append(all, wire.ExpressionName{Kind: "workflow", Name: x.Name, Signature: x.Signature, Doc: x.Doc})
	}
	for _, x := range yaql.New(yaql.Options{}).Reference() {
		if x.Module != "operators" {
			all = append(all, wire.ExpressionName{Kind: "yaql", Name: x.Name, Signature: x.Signature, Doc: x.Doc})
		}
	}
	for _, x := range jinja.New(jinja.Options{Filters: map[string]jinja.Filter{"decrypt_kv": nil, "secret": nil}}).Reference() {
		all = append(all, wire.ExpressionName{Kind: kindInJinja(x.Kind), Name: x.Name, Signature: x.Signature, Doc: x.Doc})
	}
	return c.json(http.StatusOK, all)
}

func kindInJinja(kind string) string {
	switch kind {
	case jinja.KindTest:
		return "test"
	case jinja.KindGlobal:
		return "global"
	default:
		return "filter"
	}
}

// tryRule asks a rule about the latest events of its trigger, whether or not it is
// enabled.
func (c *call) tryRule() error {
	d, err := c.object()
	if err != nil {
		return err
	}
	var req struct {
		Rule   rule.Rule `json:"rule"`
		Events int       `json:"events"`
		After  time.Time `json:"after"`
		Before time.Time `json:"before"`
	}
	if err := decode(d, &req); err != nil {
		return err
	}
	if req.Events == 0 {
		req.Events = 100
	}
	req.Rule.Enabled = true
	begun := req.Rule.Action.Ref == "" // whoever begins with the event has no action yet
	if begun {
		req.Rule.Action.Ref = "core.noop"
	}
	m, err := c.Registrar.DraftRule(c.ctx(), &req.Rule)
	if err != nil {
		return err
	}
	if begun {
		m.Rule.Action.Ref = ""
	}
	resource := c.resources().ruleResource(m.Rule)
	if err := c.allow("rule_create", resource); err != nil {
		return err
	}
	if err := c.mayStart(m.Rule, resource); err != nil {
		return err
	}
	out := wire.RuleTrial{Trigger: m.Rule.Trigger.Ref, Events: []wire.TriedEvent{}}
	past, total, err := c.Store.Reader().ListInstances(c.ctx(),
		store.Instances{Triggers: []string{out.Trigger}, After: req.After, Before: req.Before}, store.Page{Limit: req.Events})
	if err != nil {
		return err
	}
	if c.hidesEvents(out.Trigger) {
		past, total = nil, store.Total{}
	}
	out.Total = total.N
	for _, i := range past {
		payload, err := value.FromJSON(i.Payload)
		if err != nil {
			return err
		}
		ctx, opened := secret.Listen(c.ctx())
		verdict := m.Explain(ctx, payload, c.Intake.Env(i.OccurredAt))
		why := ruleWhyOf(verdict, secret.NewMasker(opened.Texts()))
		tried := wire.TriedEvent{Event: i.ID, At: wire.TimeOf(i.OccurredAt), Matched: why.Matched, Reason: why.Reason, Criteria: why.Criteria}
		if why.Matched {
			out.Matched++
			if !begun && out.Matched <= mostStarts {
				tried.Starts = c.wouldStart(m.Rule, payload)
			}
		}
		out.Events = append(out.Events, tried)
	}
	return c.json(http.StatusOK, out)
}

// mostStarts is for how many of the events it is said what the action would have been
// given, for that costs what it costs to render it.
const mostStarts = 200

// wouldStart is what a rule would have given its action for an event.
func (c *call) wouldStart(r *rule.Rule, payload value.Value) *wire.RuleStart {
	about := value.NewDict()
	for _, e := range [][2]string{{"id", r.ID}, {"ref", r.Ref}, {"name", r.Name}, {"pack", r.Pack}} {
		about.Set(e[0], e[1])
	}
	vars := value.NewDict()
	vars.Set("trigger", payload)
	vars.Set("rule", about)
	out := &wire.RuleStart{}
	params, err := c.shown(r.Action.Parameters, vars)
	if err != nil {
		out.Failure = err.Error()
		return out
	}
	if a, ok := c.catalog().Action(r.Action.Ref); ok && a.Params != nil {
		if d, ok := params.(*value.Dict); ok {
			params = a.Params.Masked(d)
		}
	}
	out.Parameters = wire.JSON(params)
	return out
}

// aboutPack is the pack that the path names, be it there or not.
func (c *call) aboutPack() (*rbac.Resource, error) { return packResource(c.part("ref")), nil }

// mayWrite asks about the rules among some files what making them would be asked. What
// is none is for the registrar to refuse.
func (c *call) mayWrite(name string, files []register.File) error {
	for _, f := range files {
		if c.who.free() || !strings.HasPrefix(path.Clean(f.Path), "rules/") {
			continue
		}
		doc, err := pyyaml.Parse([]byte(f.Content))
		if err != nil {
			continue
		}
		var r rule.Rule
		if d, ok := doc.Value.(*value.Dict); !ok || decode(d, &r) != nil {
			return fault.Newf(fault.Invalid, "%s is no rule.", f.Path)
		}
		r.Pack = name
		if err := c.mayStart(&r, c.resources().ruleResource(&r)); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) writePackFiles() error {
	name := c.part("ref")
	if err := guardPack(name); err != nil {
		return err
	}
	var req struct {
		Files []register.File `json:"files"`
	}
	if err := c.into(&req); err != nil {
		return err
	}
	if err := c.mayWrite(name, req.Files); err != nil {
		return err
	}
	if err := c.Registrar.WriteFiles(c.ctx(), name, req.Files); err != nil {
		return err
	}
	return c.empty()
}
