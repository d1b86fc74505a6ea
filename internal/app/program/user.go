package program

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/app"
)

// UserCommands returns what belongs to the command user and needs no server.
func UserCommands() []*cobra.Command {
	var s settings
	c := &cobra.Command{
		Use:   "recover [name]",
		Short: "Come in again when nobody can: on the server's machine, while the server is stopped",
		Long: `Make a user of the server (default: admin) an administrator with a new password, which is
printed, and take all tokens and API keys of that user away. It needs the data folder, and no
server that has it open. It is on record in the audit log.`,
		Example: "  nightshift user recover --config /etc/nightshift/nightshift.yaml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := s.read()
			if err != nil {
				return err
			}
			name := "admin"
			if len(args) > 0 {
				name = args[0]
			}
			password, err := app.Recover(cmd.Context(), cfg, name, operator())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "user %s, password %s\n", name, password)
			return err
		},
	}
	f := c.Flags()
	f.StringVar(&s.file, "config", "", "file with settings, in YAML")
	f.StringVar(&s.data, "data", "", "folder that holds everything (default ./nightshift-data)")
	return []*cobra.Command{c}
}
