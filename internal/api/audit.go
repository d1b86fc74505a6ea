package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/schema"
	"github.com/nightshift-run/nightshift/internal/store"
)

func (a *API) auditRoutes() []*route {
	return []*route{
		to("GET", ourService, "/audit", "", (*call).listAudit, "List who did what, newest first, or from an entry on.").
			gives(http.StatusOK, []audit.Entry{}).texts("user").admins(theAuditLog).
			asks(Parameter{Name: "outcome", Type: "string", Description: "Entries of what was done, or of what was refused.", Enum: []string{audit.Done, audit.Refused}},
				Parameter{Name: "before", Type: "integer", Description: "Entries ahead of this one, newest first."},
				Parameter{Name: "after", Type: "integer", Description: "Entries behind this one, oldest first."},
				Parameter{Name: "since", Type: "string", Description: "Entries from this time on, oldest first."},
				Parameter{Name: "limit", Type: "integer", Description: "How many are wanted at most.", Default: 100}),
		to("GET", ourService, "/audit/head", "", (*call).auditHead, "Show where the audit log begins and has come to.").
			gives(http.StatusOK, wire.AuditLog{}).admins(theAuditLog),
	}
}

const (
	maxAuditPage = 1000
	theAuditLog  = "The audit log"
)

func (c *call) listAudit() error {
	limit, err := c.number("limit", 100)
	if err != nil {
		return err
	}
	if limit < 1 || limit > maxAuditPage {
		return fault.Newf(fault.Invalid, "limit is %d; it is from 1 to %d.", limit, maxAuditPage)
	}
	after, err := c.number("after", -1)
	if err != nil {
		return err
	}
	before, err := c.number("before", 0)
	if err != nil {
		return err
	}
	since, err := c.moment("since")
	if err != nil {
		return err
	}
	outcome := c.param("outcome")
	if outcome != "" && outcome != audit.Done && outcome != audit.Refused {
		return fault.Newf(fault.Invalid, "outcome is %q; it is %s or %s.", outcome, audit.Done, audit.Refused)
	}
	entries, err := c.Store.Reader().Audit(c.ctx(), store.AuditQuery{
		User: c.param("user"), Outcome: outcome, After: int64(max(0, after)), Before: int64(max(0, before)), Since: since,
		Newest: after < 0 && since.IsZero(), Limit: limit,
	})
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, append([]audit.Entry{}, entries...))
}

func (c *call) auditHead() error {
	var out wire.AuditLog
	var err error
	if out.Base, err = c.Store.Reader().AuditBase(c.ctx()); err != nil {
		return err
	}
	if out.Head, err = c.Store.Reader().AuditHead(c.ctx()); err != nil {
		return err
	}
	return c.json(http.StatusOK, out)
}

// onRecord runs a call and has on record what it changes, or that it was refused. What is
// changed is on record by the same commit.
func (c *call) onRecord(run func() error) error {
	var trail *store.Trail
	if c.route.audited() {
		trail = &store.Trail{Describe: func(changes []audit.Change) audit.Record {
			r := c.record(audit.Done)
			v := c.view()
			for i, change := range changes {
				changes[i].Before, changes[i].After = v.maskChange(change, change.Before), v.maskChange(change, change.After)
			}
			r.Changes, r.More = audit.Bounded(changes)
			return r
		}}
		c.r = c.r.WithContext(store.WithTrail(c.r.Context(), trail))
	}
	err := run()
	refused := c.refusal(err)
	switch {
	case refused != "" && (trail != nil || !c.unnamed()):
		c.recordRefusal(refused)
	case err == nil && trail != nil && !trail.Written() && c.route.Method != http.MethodGet:
		c.addRecord(c.record(audit.Done))
	}
	return err
}

// audited reports whether what r does goes on record: all but questions. Whoever comes from the log-in of another
// service does that with a GET, too.
func (r *route) audited() bool {
	return r.Method != http.MethodGet && !r.asking || r.Method == http.MethodGet && r.Service == authService
}

// unnamed reports whether c is a question of somebody who shows nothing at all, as every
// page that is opened without a log-in asks.
func (c *call) unnamed() bool {
	credential, _, _ := c.credentials()
	return c.route.Method == http.MethodGet && credential == "" && c.r.Header.Get("Authorization") == ""
}

// refusal says why a call was refused; empty: it was not.
func (c *call) refusal(err error) string {
	if f, ok := errors.AsType[*fault.Fault](err); ok && (f.Kind == fault.Unauthorized || f.Kind == fault.Forbidden) {
		return f.Msg
	}
	if soon, ok := errors.AsType[*tooSoon](err); ok {
		return soon.Error()
	}
	return ""
}

// record is what is known of a call.
func (c *call) record(outcome string) audit.Record {
	r := audit.Record{
		At: time.Now().UTC(), User: c.who.User, Credential: c.who.Method, Execution: c.who.Execution,
		Address: c.address(), Client: shortened(c.r.UserAgent()), Request: c.w.Header().Get("X-Request-ID"),
		Method: c.route.Method, Route: c.route.Path, Permission: c.route.Permission, Outcome: outcome,
	}
	r.Object = shortened(strings.TrimPrefix(shownPath(c.r.URL.Path), c.route.Service+"/"))
	switch {
	case c.who.Signed:
		r.Credential = "token of an execution"
	case r.User == "":
		if user, _, ok := basicAuth(c.r.Header.Get("Authorization")); ok {
			r.User, r.Credential = shortened(user), "password"
		}
	}
	return r
}

func (c *call) addRecord(r audit.Record) {
	// What has happened goes on record also when the client has gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.r.Context()), 10*time.Second)
	defer cancel()
	ctx = store.WithTrail(ctx, nil)
	if err := c.Store.Write(ctx, func(tx *store.Tx) error { return tx.AddAudit(ctx, r) }); err != nil {
		c.Logger.Error("not on record in the audit log", "user", r.User, "method", r.Method, "route", r.Route, "outcome", r.Outcome, "err", err)
	}
}

func (c *call) recordRefusal(reason string) {
	r := c.record(audit.Refused)
	missed, ok := c.refusals.take(r.Address, r.At)
	if !ok {
		return
	}
	r.Reason, r.Missed = shortened(reason), missed
	c.addRecord(r)
}

// maskChange masks what is secret in a thing before or after a change.
func (v *views) maskChange(change audit.Change, body json.RawMessage) json.RawMessage {
	if len(body) == 0 {
		return body
	}
	switch change.Kind {
	case string(store.Rules):
		var r rule.Rule
		if json.Unmarshal(body, &r) != nil || r.Action.Parameters == nil {
			return body
		}
		masked := value.NewDict()
		if err := masked.UnmarshalJSON(v.maskParameters(r.Action.Ref, wire.JSON(r.Action.Parameters))); err != nil {
			return body
		}
		r.Action.Parameters = masked
		return compactJSON(r)
	case string(store.Configs):
		values := value.NewDict()
		if values.UnmarshalJSON(body) != nil {
			return body
		}
		attributes := v.catalog.ConfigSchema(change.Object)
		if attributes == nil {
			attributes = value.NewDict()
		}
		return wire.JSON(schema.MaskParameters(values, schema.SecretParameters(attributes)))
	case "execution":
		var e store.AuditedExecution
		if json.Unmarshal(body, &e) == nil && len(e.Parameters) > 0 {
			e.Parameters = v.maskParameters(e.Action, e.Parameters)
			return compactJSON(e)
		}
	}
	return body
}

// Refusals of one address that are kept in a minute, and of how many addresses. A guesser
// must not fill the disk.
const (
	keptRefusals      = 20
	refusalsEvery     = time.Minute
	refusingAddresses = 10_000
)

// refusals counts what was refused.
type refusals struct {
	mu sync.Mutex
	of map[string]*refusedFrom // by address; guarded by mu
}

type refusedFrom struct {
	since        time.Time
	kept, missed int
}

// take reports whether a refusal goes on record, and how many did not before it.
func (r *refusals) take(address string, now time.Time) (missed int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil || len(r.of) >= refusingAddresses {
		r.of = map[string]*refusedFrom{}
	}
	f := r.of[address]
	if f == nil {
		f = &refusedFrom{since: now}
		r.of[address] = f
	}
	if now.Sub(f.since) >= refusalsEvery {
		f.since, f.kept = now, 0
	}
	if f.kept >= keptRefusals {
		f.missed++
		return 0, false
	}
	f.kept++
	missed, f.missed = f.missed, 0
	return missed, true
}
