package program

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
)

// SecretsCommands returns what belongs to the command secrets and needs no server.
func SecretsCommands() []*cobra.Command { return []*cobra.Command{secretsForgetCommand()} }

func secretsForgetCommand() *cobra.Command {
	var s settings
	var sure bool
	c := &cobra.Command{
		Use:   "forget",
		Short: "Remove all secrets, when their key is lost for good",
		Long: `Remove all secrets of the datastore, and what executions with secrets were given and returned, so that a server whose
key file is lost for good can start again, with a new key. Executions with secrets that were not over are abandoned. Everything else
stays. The server must not run. There is no way back: try to find the key file first.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if !sure {
				return fault.Newf(fault.Invalid, "This can't be undone; say --yes if it is meant.")
			}
			cfg, err := s.read()
			if err != nil {
				return err
			}
			if _, err := os.Stat(filepath.Join(cfg.Data, sqlite.FileName)); err != nil {
				return fault.Newf(fault.NotFound, "There is no server's data in %s.", cfg.Data)
			}
			db, err := sqlite.Open(cmd.Context(), cfg.Data, sqlite.Options{})
			if err != nil {
				return err
			}
			ledger := store.New(db)
			defer func() { err = errors.Join(err, ledger.Close()) }()
			var pairs, executions int
			ctx := store.ByItself(cmd.Context(), audit.Record{User: operator(), Credential: audit.Folder, Origin: "nightshift secrets forget"})
			err = ledger.Write(ctx, func(tx *store.Tx) (err error) {
				pairs, executions, err = tx.ForgetSecrets(ctx, time.Now())
				return err
			})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d secrets of the datastore are gone, and those of %d executions.\n", pairs, executions)
			return err
		},
	}
	f := c.Flags()
	f.StringVar(&s.file, "config", "", "file with settings, in YAML")
	f.StringVar(&s.data, "data", "", "folder that holds everything (default ./nightshift-data)")
	f.BoolVar(&sure, "yes", false, "it is meant")
	return c
}
