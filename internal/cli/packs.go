package cli

import (
	"os"
	"path/filepath"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/pack/builtin"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// catalogOf returns the actions of the packs in some folders, and of those that
// come with the server.
func (a *app) catalogOf(folders []string) (*catalog.Catalog, error) {
	var src catalog.Source
	for _, t := range runner.Types(nil, nil) {
		src.Runners = append(src.Runners, &t)
	}
	runners := catalog.New(src)
	o := pack.Options{Runner: func(name string) (*action.RunnerType, bool) { return runners.Runner(name) }}
	contents, _ := builtin.Read(o, "") // they have no mistakes
	for _, folder := range folders {
		more, err := a.readPacks(folder, o)
		if err != nil {
			return nil, err
		}
		contents = append(contents, more...)
	}
	for _, c := range contents {
		src.Actions = append(src.Actions, c.Actions...)
	}
	return catalog.New(src), nil
}

// packFolders returns the folder of a pack, or those of the packs in a folder.
func packFolders(folder string) ([]string, error) {
	if isPack(folder) {
		return []string{folder}, nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "read the packs: %v", err)
	}
	var paths []string
	for _, e := range entries {
		if path := filepath.Join(folder, e.Name()); isPack(path) {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		return nil, fault.Newf(fault.Invalid, "there is no pack in %s: a pack is a folder with a pack.yaml", folder)
	}
	return paths, nil
}

// packWorkflows returns the files that are the workflows and action chains of the
// packs in a folder.
func packWorkflows(folder string) ([]string, error) {
	paths, err := packFolders(folder)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, path := range paths {
		root, err := os.OpenRoot(path)
		if err != nil {
			return nil, fault.Newf(fault.Invalid, "read the pack in %s: %v", path, err)
		}
		content, _ := pack.Read(root.FS(), ".", pack.Options{Path: path}) // what is wrong with it is told elsewhere
		_ = root.Close()                                                  // it was only read
		for _, name := range content.Workflows() {
			files = append(files, filepath.Join(path, filepath.FromSlash(name)))
		}
	}
	return files, nil
}

// readPacks reads the pack in a folder, or the packs in the folders in it. What is
// wrong with their actions is noted, since they will be missed.
func (a *app) readPacks(folder string, o pack.Options) ([]*pack.Content, error) {
	paths, err := packFolders(folder)
	if err != nil {
		return nil, err
	}
	var contents []*pack.Content
	for _, path := range paths {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return nil, fault.Newf(fault.Invalid, "read the pack in %s: %v", path, err)
		}
		o.Path = absolute
		root, err := os.OpenRoot(path)
		if err != nil {
			return nil, fault.Newf(fault.Invalid, "read the pack in %s: %v", path, err)
		}
		content, found := pack.Read(root.FS(), ".", o)
		_ = root.Close() // it was only read
		for _, f := range found {
			if f.Severity == pack.Error {
				f.File = filepath.Join(path, filepath.FromSlash(f.File))
				a.note(clean(f.String()))
			}
		}
		contents = append(contents, content)
	}
	return contents, nil
}

func isPack(folder string) bool {
	info, err := os.Stat(filepath.Join(folder, "pack.yaml"))
	return err == nil && info.Mode().IsRegular()
}
