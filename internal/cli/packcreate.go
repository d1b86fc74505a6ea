package cli

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/fault"
)

// newpack is a pack with one of everything. PACKNAME and PACKAUTHOR stand for what
// the person says.
//
//go:embed all:newpack
var newpack embed.FS

func (a *app) packCreate() *cobra.Command {
	var dir, author string
	cmd := &cobra.Command{
		Use:   "create <name>",
		Short: "Make a new pack that works",
		Long: `Make a new pack that works, in a folder of its name: with actions in Python and in shell, a workflow, a rule, what
can be configured, and tests of all of it. Then change it into what you want. It needs no server.`,
		Example: "  nightshift pack create disk_watch\n  nightshift pack test ./disk_watch",
		Args:    args(1, 1),
		RunE: func(_ *cobra.Command, names []string) error {
			name := names[0]
			if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
				return fault.Newf(fault.Invalid, "the name of a pack has lower-case letters, digits and underscores: %q has others", name)
			}
			if author == "" {
				author = a.Getenv("USER")
			}
			if author == "" {
				author = "nobody"
			}
			to := filepath.Join(dir, name)
			if err := createPack(to, strings.NewReplacer("PACKNAME", name, "PACKAUTHOR", author)); err != nil {
				return err
			}
			return a.print("Made " + to + ".\n\nTo look for mistakes and to run its tests:\n nightshift pack validate " + to +
				"\n nightshift pack test " + to + "\n nightshift workflow test " + to)
		},
	}
	f := cmd.Flags()
	f.StringVar(&dir, "dir", ".", "folder to make it in")
	f.StringVar(&author, "author", "", "who wrote it (default: the variable USER)")
	return cmd
}

// createPack writes the new pack into a folder that there is not yet.
func createPack(to string, words *strings.Replacer) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil { //nolint:gosec // packs are for others too
		return fault.Newf(fault.Invalid, "make the folder: %v", err)
	}
	if err := os.Mkdir(to, 0o755); errors.Is(err, fs.ErrExist) { //nolint:gosec // as above
		return fault.Newf(fault.Conflict, "%s is there already", to)
	} else if err != nil {
		return fault.Newf(fault.Invalid, "make the folder: %v", err)
	}
	return fs.WalkDir(newpack, "newpack", func(name string, e fs.DirEntry, err error) error {
		below := filepath.FromSlash(strings.TrimPrefix(strings.TrimPrefix(name, "newpack"), "/"))
		switch {
		case err != nil:
			return err
		case below == "":
			return nil
		case e.IsDir():
			return os.Mkdir(filepath.Join(to, below), 0o755) //nolint:gosec // as above
		}
		text, err := newpack.ReadFile(name)
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(string(text), "#!") {
			mode = 0o755
		}
		return os.WriteFile(filepath.Join(to, below), []byte(words.Replace(string(text))), mode)
	})
}
