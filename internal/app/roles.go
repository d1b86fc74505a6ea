package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/rbac"
	"github.com/nightshift-run/nightshift/internal/store"
)

// roles are what people may do, by the files of a folder.
type roles struct {
	folder  string
	store   *store.Store
	log     *slog.Logger
	reading sync.Mutex // held while the files are read and put in force: the later reading counts
	policy  atomic.Pointer[rbac.Policy]
}

// useRoles reads the roles of the folder. With a mistake in them nobody has any role:
// then only who is an administrator by the ledger may do something, but what rules
// start goes on.
func (a *App) useRoles(ctx context.Context) error {
	ctx = fromFiles(ctx, a.cfg.RBAC.Folder)
	if !a.cfg.RBAC.Enable {
		return a.Store.Write(ctx, func(tx *store.Tx) error { return tx.KeepRoles(ctx, nil) })
	}
	a.roles = &roles{folder: a.cfg.RBAC.Folder, store: a.Store, log: a.log("rbac")}
	a.roles.policy.Store(new(rbac.Policy))
	if len(a.roles.Reload(ctx)) > 0 {
		a.roles.log.Error("there are mistakes in the roles: nobody has one, and only administrators may do something", "folder", a.roles.folder)
	}
	return nil
}

// fromFiles returns a context whose writes go on record as the server's own, about what it
// has found in a folder.
func fromFiles(ctx context.Context, folders ...string) context.Context {
	return store.ByItself(ctx, audit.Record{User: intake.SystemUser, Origin: "files in " + strings.Join(folders, ", ")})
}

// apiRoles are the roles for the API.
func (a *App) apiRoles() api.Roles {
	if a.roles == nil {
		return nil
	}
	return a.roles
}

// Policy implements [api.Roles].
func (r *roles) Policy() *rbac.Policy { return r.policy.Load() }

// Reload implements [api.Roles].
func (r *roles) Reload(ctx context.Context) []rbac.Mistake {
	r.reading.Lock()
	defer r.reading.Unlock()
	p, found := rbac.Load(os.DirFS(r.folder))
	for _, m := range found {
		r.log.Error("mistake in a role", "mistake", m.String())
	}
	if len(found) == 0 {
		// Roles come into force also if that can't go on record: it does when they are read next.
		if err := r.keep(ctx, p); err != nil {
			r.log.Error("what is new in the roles is not on record", "err", err)
		}
		r.policy.Store(p)
		r.log.Info("roles are in force", "folder", r.folder, "roles", len(p.Roles), "assignments", len(p.Assignments))
	}
	return found
}

// keep has on record what is new in a policy.
func (r *roles) keep(ctx context.Context, p *rbac.Policy) error {
	now := &store.Roles{Roles: map[string]json.RawMessage{}, Assignments: map[string]json.RawMessage{}}
	var errs []error
	text := func(v any) json.RawMessage {
		b, err := json.Marshal(v)
		errs = append(errs, err)
		return b
	}
	for name, role := range p.Roles {
		now.Roles[name] = text(role)
	}
	for _, a := range p.Assignments {
		now.Assignments[a.File] = text(a)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return r.store.Write(ctx, func(tx *store.Tx) error { return tx.KeepRoles(ctx, now) })
}

// reloadRoles reads the roles again at each hang-up, until ctx is done.
func (a *App) reloadRoles(ctx context.Context) error {
	if a.roles == nil {
		return nil
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.opts.Hangups:
			if len(a.roles.Reload(fromFiles(ctx, a.roles.folder))) > 0 {
				a.roles.log.Error("there are mistakes in the roles: those from before stay in force", "folder", a.roles.folder)
			}
		}
	}
}
