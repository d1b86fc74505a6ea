package cli

import (
	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func (a *app) probes() *cobra.Command {
	return group(&cobra.Command{Use: "probe", Short: "What the server looks at itself"}, a.probeList())
}

func (a *app) probeList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Show which probes run, and how they fare",
		Long: `Show of all probes what they look at and how that is: starting (not looked at yet), well, failing
(not yet as often in a row as it must), firing, unknown (it could not be looked at), or, of a
file, following; since when, what was found last, and how many events came of it since the
server started. A probe runs while an enabled rule listens to its trigger.`,
		Args: args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			var list []*value.Dict
			if err := s.client.Get(cmd.Context(), "/api/ns/v1/probes", nil, &list); err != nil {
				return s.advise(err)
			}
			return s.table(list, []string{"type", "target", "state", "since", "failures", "events", "message"}, shape{}, nil)
		},
	}
}
