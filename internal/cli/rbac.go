package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/rbac"
)

func (a *app) roles() *cobra.Command {
	r := resource{
		name: "role", plural: "roles", path: "rbac/roles", key: "name-or-id",
		columns: []string{"id", "name", "system", "description"},
	}
	return group(&cobra.Command{Use: "role", Short: "What some people may do"}, a.listCommand(r, []filter{
		{flag: "system", help: "true: only roles that come with the server; false: only others", values: []string{"true", "false"}},
	}, nil), a.getCommand(r))
}

func (a *app) roleAssignments() *cobra.Command {
	r := resource{
		name: "role assignment", plural: "role assignments", path: "rbac/role_assignments", key: "id",
		columns: []string{"id", "role", "user", "is_remote", "source", "description"},
	}
	return group(&cobra.Command{Use: "role-assignment", Short: "Who has which roles"}, a.listCommand(r, []filter{
		{flag: "role", short: "r", help: "only of this role"},
		{flag: "user", short: "u", help: "only of this user"},
		{flag: "source", short: "s", help: "only by this file"},
		{flag: "remote", help: "true: only by a group; false: only others", values: []string{"true", "false"}},
	}, nil), a.getCommand(r))
}

func (a *app) rbac() *cobra.Command {
	return group(&cobra.Command{Use: "rbac", Short: "The files that say who may do what"}, a.rbacCheck(), a.rbacExplain(), a.rbacReload())
}

func (a *app) rbacCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check [folder]",
		Short: "Find all mistakes in roles",
		Long: `Find all mistakes in the folders roles, assignments and mappings of a folder, or of this one: each with its
file, line and column. It needs no server.`,
		Example: "  nightshift rbac check /opt/stackstorm/rbac",
		Args:    args(0, 1),
		RunE: func(_ *cobra.Command, words []string) error {
			folder := "."
			if len(words) > 0 {
				folder = words[0]
			}
			p, found := rbac.Load(os.DirFS(folder))
			for _, m := range found {
				fmt.Fprintln(a.Err, m) //nolint:errcheck // a terminal
			}
			switch len(found) {
			case 0:
				_, err := fmt.Fprintf(a.Out, "No mistake: %d roles, %d assignments.\n", len(p.Roles), len(p.Assignments))
				return err
			case 1:
				return fault.Newf(fault.Invalid, "one mistake was found")
			}
			return fault.Newf(fault.Invalid, "%d mistakes were found", len(found))
		},
	}
}

func (a *app) rbacExplain() *cobra.Command {
	return &cobra.Command{
		Use:   "explain <user> <permission> [resource]",
		Short: "Say whether somebody may do something, and why",
		Long: `Say whether a user may do something, and which role says so. The resource is named by its UID
(action:web:restart, pack:web, webhook:deploy, execution:ID, key_value_pair:st2kv.system:NAME), or by its reference where the
permission tells what it is. Permissions that are granted for all at once need none.

It ends with 5 if the answer is no.`,
		Example: "  nightshift rbac explain ada action_execute web.restart\n  nightshift rbac explain ada pack_install",
		Args:    args(2, 3),
		RunE: func(cmd *cobra.Command, words []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			q := url.Values{"user": {words[0]}, "permission": {words[1]}}
			if len(words) > 2 {
				q.Set("resource", words[2])
			}
			d, err := s.get(cmd.Context(), "/api/ns/v1/rbac/explain", q)
			if err != nil {
				return err
			}
			if err := s.show(d, []string{"allowed", "why", "roles", "groups", "hidden"}, shape{}); err != nil {
				return err
			}
			if allowed, _ := d.Get("allowed"); allowed != true {
				return fault.Newf(fault.Forbidden, "%s may not", words[0])
			}
			return nil
		},
	}
}

func (a *app) rbacReload() *cobra.Command {
	return &cobra.Command{
		Use:   "reload",
		Short: "Have the server read the roles again",
		Long:  "Have the server read the files with the roles again. With a mistake in them, those from before stay in force.",
		Args:  args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			d, err := s.do(cmd.Context(), http.MethodPost, "/api/ns/v1/rbac/reload", value.NewDict())
			if err != nil {
				return err
			}
			roles, _ := d.Get("roles")
			assignments, _ := d.Get("assignments")
			return s.done(fmt.Sprintf("In force: %s roles, %s assignments.", cell(roles), cell(assignments)))
		},
	}
}
