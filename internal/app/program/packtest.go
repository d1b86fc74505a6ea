package program

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/app"
	"github.com/nightshift-run/nightshift/internal/app/packtest"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// PackCommands returns what belongs to the command pack and needs no server.
func PackCommands(o Options) []*cobra.Command {
	return []*cobra.Command{packTestCommand(o)}
}

func packTestCommand(o Options) *cobra.Command {
	var s settings
	c := &cobra.Command{
		Use:   "test PACK [TEST]...",
		Short: "Run the unit tests of a pack",
		Long: `Run the unit tests in the folder tests of a pack, in the Python environment that its
actions have, with what requirements-tests.txt asks for and pytest besides. PACK is the
folder of a pack, or the name of one among the packs of the server. A TEST is a
file in the folder tests, or a part of it as pytest names that. No server is needed.`,
		Example: "  nightshift pack test ./my_pack\n  nightshift pack test my_pack test_restart.py::RestartTestCase::test_run",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := s.read()
			if err != nil {
				return err
			}
			dir, err := packFolder(args[0], append(cfg.Packs, filepath.Join(cfg.Data, "packs")))
			if err != nil {
				return err
			}
			opts := app.Environments(cfg.Python, o.Env)
			opts.Logger = logger(cfg, cmd.ErrOrStderr())
			return packtest.Run(cmd.Context(), dir, packtest.Options{
				Data: cfg.Data, Environments: opts, Tests: args[1:], Out: cmd.OutOrStdout(), Err: cmd.ErrOrStderr(),
			})
		},
	}
	f := c.Flags()
	f.StringVar(&s.file, "config", "", "file with settings, in YAML")
	f.StringVar(&s.data, "data", "", "folder that holds the environments (default ./nightshift-data)")
	f.StringSliceVar(&s.packs, "packs", nil, "folder whose subfolders are packs; may be given several times")
	return c
}

// packFolder returns the folder of a pack that is given as such or by name.
func packFolder(pack string, folders []string) (string, error) {
	isFolder := func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && info.IsDir()
	}
	if isFolder(pack) {
		return pack, nil
	}
	if filepath.Base(pack) == pack {
		for _, folder := range folders {
			if path := filepath.Join(folder, pack); isFolder(path) {
				return path, nil
			}
		}
		return "", fault.Newf(fault.NotFound, "There is neither a folder %s here nor a pack of that name in %s.", pack, strings.Join(folders, ", "))
	}
	return "", fault.Newf(fault.NotFound, "There is no folder %s.", pack)
}
