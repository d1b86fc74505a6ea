package app

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/rbac"
)

// roles are what people may do, by the files of a folder.
type roles struct {
	folder  string
	log     *slog.Logger
	reading sync.Mutex // held while the files are read and put in force: the later reading counts
	policy  atomic.Pointer[rbac.Policy]
}

// useRoles reads the roles of the folder. With a mistake in them nobody has any role:
// then only who is an administrator by the ledger may do something, but what rules
// start goes on.
func (a *App) useRoles() {
	if !a.cfg.RBAC.Enable {
		return
	}
	a.roles = &roles{folder: a.cfg.RBAC.Folder, log: a.log("rbac")}
	if a.roles.folder == "" {
		a.roles.folder = filepath.Join(a.cfg.Data, "rbac")
	}
	a.roles.policy.Store(new(rbac.Policy))
	if len(a.roles.Reload()) > 0 {
		a.roles.log.Error("there are mistakes in the roles: nobody has one, and only administrators may do something", "folder", a.roles.folder)
	}
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
func (r *roles) Reload() []rbac.Mistake {
	r.reading.Lock()
	defer r.reading.Unlock()
	p, found := rbac.Load(os.DirFS(r.folder))
	for _, m := range found {
		r.log.Error("mistake in a role", "mistake", m.String())
	}
	if len(found) == 0 {
		r.policy.Store(p)
		r.log.Info("roles are in force", "folder", r.folder, "roles", len(p.Roles), "assignments", len(p.Assignments))
	}
	return found
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
			if len(a.roles.Reload()) > 0 {
				a.roles.log.Error("there are mistakes in the roles: those from before stay in force", "folder", a.roles.folder)
			}
		}
	}
}
