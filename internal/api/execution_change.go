package api

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/notify"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/store"
)

const (
	executionBody = `{"type": "object", "additionalProperties": false, "properties": {
		"action": {"type": "string", "required": true}, "parameters": {"type": "object"}, "user": {"type": "string"},
		"context": {"type": "object"}, "delay": {"type": "integer", "minimum": 0, "maximum": 315360000000},
		"notify": {"type": "object"}, "trace_tag": {"type": "string"}, "status": {"type": "string"}}}`
	executionUpdateBody = `{"type": "object", "additionalProperties": false, "properties": {
		"status": {"type": "string", "enum": ["requested", "scheduled", "delayed", "running", "succeeded", "failed", "timeout",
			"abandoned", "canceling", "canceled", "pending", "pausing", "paused", "resuming"]},
		"result": {"type": "object"}}}`
	reRunBody = `{"type": "object", "additionalProperties": false, "properties": {
		"parameters": {"type": "object"}, "tasks": {"type": "array", "items": {"type": "string"}},
		"reset": {"type": "array", "items": {"type": "string"}}, "failed": {"type": "boolean"}, "user": {"type": "string"},
		"delay": {"type": "integer", "minimum": 0, "maximum": 315360000000}}}`
)

func (c *call) createExecution() error {
	show, err := c.secrets()
	if err != nil {
		return err
	}
	d, err := c.object()
	if err != nil {
		return err
	}
	var req wire.ExecutionRequest
	if err := decode(d, &req); err != nil {
		return err
	}
	if err := c.mayRun(req.Action); err != nil {
		return err
	}
	r := execution.Request{
		Action: req.Action, Delay: time.Duration(req.Delay) * time.Millisecond, Notify: req.Notify,
		Parameters: dictAt(d, "parameters"),
	}
	if err := notifyFault(d); err != nil {
		return err
	}
	if !notify.Wanted(r.Notify) {
		r.Notify = nil // nothing was said, so it is as the action says
	}
	if r.Context, err = c.executionContext(dictAt(d, "context")); err != nil {
		return err
	}
	if req.User != "" && req.User != c.who.User {
		if err := c.admin("To run an action as another user"); err != nil {
			return err
		}
		r.Context.User = req.User
	}
	if tag, _ := d.Get("trace_tag"); tag != nil && r.Context.TraceContext == nil {
		r.Context.TraceContext = &execution.Trace{Tag: value.Str(tag)}
	}
	if err := c.traced(&r); err != nil {
		return err
	}
	return c.launch(r, show)
}

// mayRun returns why the caller may not run the action of a reference.
func (c *call) mayRun(ref string) error {
	a, ok := c.catalog().Action(ref)
	if !ok {
		return fault.Newf(fault.Invalid, "Action %q cannot be found.", ref)
	}
	return c.allow("action_execute", actionResource(a.Action))
}

// notifyFault returns what is wrong with who is to hear of the end.
func notifyFault(body *value.Dict) error {
	var lines []string
	for _, m := range notify.Check(dictAt(body, "notify")) {
		if m.Hint != "" {
			m.Msg += "; " + m.Hint
		}
		lines = append(lines, m.Msg)
	}
	if len(lines) == 0 {
		return nil
	}
	return fault.Newf(fault.Invalid, "%s", strings.Join(lines, "\n"))
}

// dictAt returns an object in a body that has passed its schema.
func dictAt(d *value.Dict, name string) *value.Dict {
	v, _ := d.Get(name)
	if v, ok := v.(*value.Dict); ok {
		return v
	}
	return value.NewDict()
}

// executionContext is what a client sends along about an execution: in the body,
// and over it in the header st2-context. On whose behalf it runs is not for the
// client to say there.
func (c *call) executionContext(given *value.Dict) (execution.Context, error) {
	var out execution.Context
	given = given.Clone()
	if h := c.r.Header.Get("St2-Context"); h != "" {
		v, err := value.FromJSON([]byte(h))
		if err != nil {
			return out, fault.Newf(fault.Invalid, "Failed to parse st2-context header: %v", err)
		}
		d, ok := v.(*value.Dict)
		if !ok {
			return out, fault.Newf(fault.Invalid, "The st2-context header must be a JSON object, and is %s.", value.TypeName(v))
		}
		given.Update(d)
	}
	// What the server says of an execution, nobody else does.
	for _, name := range []string{"pack", "rule", "trigger_instance", "policies", "re-run", "cancelled_by", "answered_by"} {
		given.Delete(name)
	}
	if !c.who.Admin {
		given.Delete("api_user")
	}
	given.Delete("user")
	if err := decode(given, &out); err != nil {
		return out, fault.Newf(fault.Invalid, "The context of an execution has a field of the wrong type: %v", err)
	}
	out.User = c.who.User
	return out, nil
}

// launch starts an execution and answers with it.
func (c *call) launch(r execution.Request, show bool) error {
	e, err := c.start(r)
	if err != nil {
		return err
	}
	return c.json(http.StatusCreated, c.executionView(e, selection{}, show))
}

// start starts an execution. One whose parameters can't be rendered is on record
// as failed, and refused nevertheless.
func (c *call) start(r execution.Request) (*execution.Execution, error) {
	// A chat's command is rendered with the keys of the user whom the bot names.
	if err := c.mayLookUp(r.Parameters, cmp.Or(r.Context.APIUser, r.Context.User), looksUp); err != nil {
		return nil, err
	}
	if len(r.Notify) > 0 { // whose messages are rendered when it ends
		told, err := value.FromJSON(r.Notify)
		if err != nil {
			return nil, fmt.Errorf("read who hears of the end: %w", err)
		}
		if err := c.mayLookUp(told, cmp.Or(r.Context.APIUser, r.Context.User), looksUp); err != nil {
			return nil, err
		}
	}
	e, err := c.Launcher.Launch(c.ctx(), r)
	if err == nil {
		return e, nil
	}
	if errors.Is(err, action.ErrRendering) && fault.KindOf(err) == fault.Internal {
		return nil, &fault.Fault{Kind: fault.Invalid, Msg: err.Error(), Err: err}
	}
	return nil, err
}

func (c *call) reRun() error {
	show, err := c.secrets()
	if err != nil {
		return err
	}
	d, err := c.object()
	if err != nil {
		return err
	}
	var req struct {
		Tasks  []string `json:"tasks"`
		Reset  []string `json:"reset"`
		Failed bool     `json:"failed"` // ours: the tasks that failed, whatever their names
		User   string   `json:"user"`
		Delay  int64    `json:"delay"`
	}
	if err := decode(d, &req); err != nil {
		return err
	}
	more := dictAt(d, "parameters")
	switch {
	case more.Len() > 0 && (len(req.Tasks) > 0 || len(req.Reset) > 0 || req.Failed):
		return fault.Newf(fault.Invalid, "Parameters override is not supported when re-running task(s) for a workflow.")
	case slices.ContainsFunc(req.Reset, func(t string) bool { return !slices.Contains(req.Tasks, t) }):
		return fault.Newf(fault.Invalid, "List of tasks to reset does not match the tasks to rerun.")
	case req.Failed && len(req.Tasks) > 0:
		return fault.Newf(fault.Invalid, "Either the tasks that failed are run again, or those that tasks names.")
	}
	e, err := c.execution()
	if err != nil {
		return err
	}
	again := &execution.ReRun{Ref: e.ID, Tasks: req.Tasks, Reset: req.Reset, Failed: req.Failed}
	switch {
	case again.Parts() && e.Runner != runner.Orquesta:
		return fault.Newf(fault.Invalid, "Task option is only supported for Orquesta workflows.")
	case again.Parts() && !e.Status.Final():
		return fault.Newf(fault.Invalid, "Unable to rerun workflow execution \"%s\" because it is not in a completed state.", e.ID)
	}
	params := value.NewDict()
	if err := params.UnmarshalJSON(e.Parameters); err != nil {
		return fmt.Errorf("read the parameters of execution %s: %w", e.ID, err)
	}
	params.Update(more)
	r := execution.Request{
		Action: e.Action, Parameters: params, Secrets: e.Secrets, Notify: e.Notify, Delay: time.Duration(req.Delay) * time.Millisecond,
		Context: execution.Context{
			User: c.who.User, ReRun: again, TraceContext: &execution.Trace{ID: e.ID},
		},
	}
	if tag := e.Context.TraceContext; tag != nil {
		r.Context.TraceContext.Tag = tag.Tag
	}
	if err := c.traced(&r); err != nil {
		return err
	}
	if req.User != "" && req.User != c.who.User {
		if err := c.admin("To run an action as another user"); err != nil {
			return err
		}
		r.Context.User = req.User
	}
	return c.launch(r, show)
}

func (c *call) updateExecution() error {
	show, err := c.secrets()
	if err != nil {
		return err
	}
	d, err := c.object()
	if err != nil {
		return err
	}
	e, err := c.execution()
	if err != nil {
		return err
	}
	if e.Status.Final() {
		return fault.Newf(fault.Invalid, "Execution is already in completed state.")
	}
	status, _ := d.Get("status")
	to := execution.Status(textOf(status))
	switch to {
	case "":
		if d.Has("result") {
			return fault.Newf(fault.Invalid, "A result can be set only together with a status that ends the execution.")
		}
		return fault.Newf(fault.Invalid, "'status' is a required property")
	case execution.Canceling, execution.Canceled:
		e, err = c.Launcher.Cancel(c.ctx(), e.ID, c.who.User)
	case execution.Pausing, execution.Paused:
		e, err = c.Launcher.Pause(c.ctx(), e.ID, c.who.User)
	case execution.Resuming:
		e, err = c.Launcher.Resume(c.ctx(), e.ID, c.who.User)
	case execution.Succeeded, execution.Failed, execution.Timeout, execution.Abandoned:
		err = c.end(e, to, d)
	case execution.Requested, execution.Scheduled, execution.Delayed, execution.Running, execution.Pending:
		return fault.Newf(fault.Invalid, "Execution %s cannot be put into status %s: the server itself does so when it is time.", e.ID, to)
	}
	if err != nil {
		return err
	}
	if e, err = c.API.execution(c.ctx(), e.ID); err != nil {
		return err
	}
	if e.Result, err = c.result(e); err != nil {
		return err
	}
	return c.json(http.StatusOK, c.executionView(e, selection{}, show))
}

func textOf(v value.Value) string {
	s, _ := v.(string)
	return s
}

// end sets the end of an execution, as somebody outside who knows it says.
func (c *call) end(e *execution.Execution, to execution.Status, d *value.Dict) error {
	ch := store.Change{ID: e.ID, From: []execution.Status{e.Status}, Attempt: e.Attempt, To: to, At: time.Now(), Secret: len(e.Secrets) > 0}
	if d.Has("result") {
		ch.Result = wire.JSON(dictAt(d, "result"))
	}
	var told []string
	err := c.Store.Write(c.ctx(), func(tx *store.Tx) error {
		ok, err := tx.ChangeExecution(c.ctx(), ch)
		if err == nil && !ok {
			return fault.Newf(fault.Conflict, "Execution %s has changed meanwhile. Look at it, and try again.", e.ID)
		}
		if err == nil && e.Conducted {
			// What it has started ends with it.
			err = tx.TellWorkflow(c.ctx(), e.ID, store.AboutCancel, "", c.who.User)
		}
		told = tx.Told()
		return err
	})
	if err != nil {
		return err
	}
	bus.Tell(c.ctx(), c.Bus, told)
	_ = c.Bus.Publish(c.ctx(), bus.Message{Subject: bus.ExecutionChanged + e.ID})
	return nil
}

// cancelExecution answers 200 also when there is nothing to cancel any more, as
// StackStorm does and its clients expect.
func (c *call) cancelExecution() error {
	show, err := c.secrets()
	if err != nil {
		return err
	}
	e, err := c.execution()
	if err != nil {
		return err
	}
	canceled, err := c.Launcher.Cancel(c.ctx(), e.ID, c.who.User)
	if fault.KindOf(err) == fault.Conflict {
		f, _ := errors.AsType[*fault.Fault](err)
		return c.json(http.StatusOK, wire.Fault{Fault: f.Msg})
	}
	if err != nil {
		return err
	}
	if canceled.Result, err = c.Store.Reader().Result(c.ctx(), e.ID); err != nil {
		return err
	}
	return c.json(http.StatusOK, c.executionView(canceled, selection{}, show))
}

// executionResult answers with a result alone, perhaps as a file.
func (c *call) executionResult() error {
	var download, compress, pretty bool
	for name, to := range map[string]*bool{"download": &download, "compress": &compress, "pretty_format": &pretty} {
		var err error
		if *to, err = c.flag(name); err != nil {
			return err
		}
	}
	show, err := c.secrets()
	if err != nil {
		return err
	}
	e, err := c.execution()
	if err != nil {
		return err
	}
	name, kind := "execution_"+e.ID+"_result.json", "text/json"
	if plain := show || !c.view().masksResult(e); plain && !pretty && !compress && e.ResultSize > 0 {
		if download {
			c.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
		}
		return c.storedResult(e, kind)
	}
	b, err := c.result(e)
	if err != nil {
		return err
	}
	if !show {
		b = c.view().maskResult(e, b)
	}
	b = rawOrNull(b)
	if pretty {
		var out bytes.Buffer
		if err := json.Indent(&out, b, "", "    "); err != nil {
			return fmt.Errorf("write the result of execution %s: %w", e.ID, err)
		}
		b = out.Bytes()
	}
	if compress {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		if _, err := z.Write(b); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		b, kind, name = out.Bytes(), "application/x-gzip", name+".gz"
	}
	if download {
		c.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	}
	return c.bytes(http.StatusOK, kind, b)
}

// storedResult answers with a result as it is stored, piece by piece.
func (c *call) storedResult(e *execution.Execution, kind string) error {
	result, err := c.Store.Reader().OpenResult(c.ctx(), e.ID)
	if err != nil {
		return err
	}
	if result == nil { // it is being run again
		return c.bytes(http.StatusOK, kind, []byte("null"))
	}
	c.w.Header().Set("Content-Length", itoa(result.Size))
	_, err = io.CopyBuffer(&piecewise{c, kind}, result, make([]byte, min(pieceBytes, result.Size)))
	if errors.Is(err, errClientGone) {
		return nil
	}
	return err
}
