package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// serviceRegistry shows which services are there. A server is all of them in one; on
// record are the workers, which may be many.
func (a *app) serviceRegistry() *cobra.Command {
	return group(
		&cobra.Command{Use: "service-registry", Short: "Which services run, and who they are"},
		group(&cobra.Command{Use: "group", Short: "Kinds of services"}, a.serviceGroups()),
		group(&cobra.Command{Use: "member", Short: "Services"}, a.serviceMembers()),
	)
}

func (a *app) serviceGroups() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the kinds of services that run",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			names, err := s.serviceGroups(cmd.Context())
			if err != nil {
				return err
			}
			var rows []*value.Dict
			for _, name := range names {
				d := value.NewDict()
				d.Set("group_id", name)
				rows = append(rows, d)
			}
			return s.table(rows, []string{"group_id"}, shape{}, nil)
		},
	}
}

func (a *app) serviceMembers() *cobra.Command {
	var of string
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the services that run",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			names := []string{of}
			if of == "" {
				if names, err = s.serviceGroups(cmd.Context()); err != nil {
					return err
				}
			}
			var rows []*value.Dict
			for _, name := range names {
				d, err := s.get(cmd.Context(), "service_registry/groups/"+seg(name)+"/members", nil)
				if err != nil {
					return err
				}
				rows = append(rows, dictsAt(d, "members")...)
			}
			return s.table(rows, []string{"group_id", "member_id", "capabilities"}, shape{}, nil)
		},
	}
	cmd.Flags().StringVar(&of, "group-id", "", "only those of this kind")
	return cmd
}

// serviceGroups are the names of the kinds of services that run.
func (s *session) serviceGroups(ctx context.Context) ([]string, error) {
	d, err := s.get(ctx, "service_registry/groups", nil)
	if err != nil {
		return nil, err
	}
	v, _ := d.Get("groups")
	var out []string
	if l, ok := v.(*value.List); ok {
		for _, item := range l.Items {
			out = append(out, value.Str(item))
		}
	}
	return out, nil
}
