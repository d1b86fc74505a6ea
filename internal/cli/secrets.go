package cli

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func (a *app) secrets() *cobra.Command {
	return group(
		&cobra.Command{Use: "secrets", Short: "The keys that secrets are sealed with"},
		a.secretsRotate(),
	)
}

func (a *app) secretsRotate() *cobra.Command {
	return &cobra.Command{
		Use:   "rotate",
		Short: "Replace the keys that secrets are sealed with",
		Long: `Replace the master key in its file and the key that it wraps, and seal all secrets of the datastore again. The
server works on meanwhile. The old key is dropped from the file when nothing needs it any more; what was interrupted goes on
at the next start. Keep a copy of the file afterwards.`,
		Args: args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			d, err := s.do(cmd.Context(), http.MethodPost, "/api/ns/v1/secrets/rotate", nil)
			if err != nil {
				return err
			}
			if s.machine() {
				return s.show(d, nil, shape{})
			}
			n, _ := d.Get("sealed")
			return s.done(fmt.Sprintf("The master key is %s now; %s values were sealed again. Keep a copy of its file.",
				textOf(d, "master_key"), value.Str(n)))
		},
	}
}
