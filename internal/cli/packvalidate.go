package cli

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/pack/builtin"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

func (a *app) packValidate() *cobra.Command {
	var beside []string
	cmd := &cobra.Command{
		Use:   "validate [folder]...",
		Short: "Find all mistakes in packs",
		Long: `Find all mistakes in the packs in some folders, or in this one: each with its file, line and column, and what would
be right. It needs no server, and runs nothing of the pack. Workflows may start actions of packs that come with the
server, of the pack itself, and of those in the folders of --packs.`,
		Example: "  nightshift pack validate ./disk_watch\n  nightshift pack validate packs/* --packs packs",
		Args:    args(0, -1),
		RunE: func(_ *cobra.Command, folders []string) error {
			if len(folders) == 0 {
				folders = []string{"."}
			}
			mistakes := 0
			for _, folder := range folders {
				n, err := a.validate(folder, beside)
				if err != nil {
					return err
				}
				mistakes += n
			}
			switch mistakes {
			case 0:
				return nil
			case 1:
				return fault.Newf(fault.Invalid, "one mistake was found")
			}
			return fault.Newf(fault.Invalid, "%d mistakes were found", mistakes)
		},
	}
	cmd.Flags().StringArrayVarP(&beside, "packs", "p", nil, "folder of a pack, or with packs, whose actions there are; may be given several times")
	return cmd
}

// validate tells what is wrong with a pack, and how many mistakes that are. What is
// odd but works is told too.
func (a *app) validate(folder string, beside []string) (int, error) {
	if !isPack(folder) {
		return 0, fault.Newf(fault.Invalid, "there is no pack in %s: a pack is a folder with a pack.yaml", folder)
	}
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return 0, err
	}
	known, err := a.catalogOf(beside)
	if err != nil {
		return 0, err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return 0, fault.Newf(fault.Invalid, "read the pack in %s: %v", folder, err)
	}
	defer root.Close() //nolint:errcheck // it was only read
	content, found := pack.Read(root.FS(), ".", pack.Options{
		Runner: func(name string) (*action.RunnerType, bool) { return known.Runner(name) },
		Parse:  intake.ParseTemplates(jinja.New(jinja.Options{})), Path: absolute,
	})
	found = append(found, content.CheckTriggers(typesOf(content))...)
	found = append(found, content.CheckWorkflows(withActions(known, content))...)
	mistakes := 0
	for _, f := range found {
		if f.Severity == pack.Error || f.Severity == pack.Warning {
			mistakes++
		}
		f.File = filepath.Join(folder, filepath.FromSlash(f.File))
		a.note(clean(f.String()))
	}
	if mistakes == 0 {
		ref := filepath.Base(absolute)
		if content.Pack != nil {
			ref = content.Pack.Ref
		}
		return 0, a.print(ref + " is well.")
	}
	return mistakes, nil
}

// typesOf finds the types of events that come with the server and with a pack. Those
// of other packs are not known here, and taken to be there.
func typesOf(content *pack.Content) func(ref string) (*trigger.Type, bool) {
	all := map[string]*trigger.Type{}
	contents, _ := builtin.Read(pack.Options{}, "") // they have no mistakes
	for _, c := range append(contents, content) {
		for _, t := range c.TriggerTypes {
			all[t.Ref] = t
		}
	}
	for _, t := range builtin.Types() {
		all[t.Ref] = t
	}
	own := map[string]bool{"core": true}
	if content.Pack != nil {
		own[content.Pack.Ref] = true
	}
	return func(ref string) (*trigger.Type, bool) {
		if t, ok := all[ref]; ok {
			return t, true
		}
		owner, name, _ := pack.SplitRef(ref)
		if own[owner] {
			return nil, false
		}
		return &trigger.Type{Ref: ref, Pack: owner, Name: name}, true
	}
}

// withActions returns a catalog of more actions.
func withActions(known *catalog.Catalog, content *pack.Content) *catalog.Catalog {
	var src catalog.Source
	for _, t := range runner.Types(nil, nil) {
		src.Runners = append(src.Runners, &t)
	}
	for _, a := range known.Actions() {
		src.Actions = append(src.Actions, a.Action)
	}
	src.Actions = append(src.Actions, content.Actions...)
	return catalog.New(src)
}
