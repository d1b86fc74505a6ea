package register

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/pack"
)

// File is a file of a pack that a client writes.
type File struct {
	Path    string  `json:"path"` // in the pack, with slashes
	Content string  `json:"content"`
	Was     *string `json:"was"` // what the client has seen there; nil: there was none
}

// maxFile is how large a file may be that a client writes.
const maxFile = 500_000

// WriteFiles writes files of a pack and registers it, all or nothing: what would not
// be right, what somebody else has changed since the client has seen it, and what is
// no metadata, workflow, rule, policy or test is refused, before anything is written. All or nothing
// goes for a server that is killed meanwhile, too. A pack that there is not yet is made
// in the first of the folders, if its pack.yaml is among the files.
func (r *Registrar) WriteFiles(ctx context.Context, name string, files []File) error {
	for _, f := range files {
		if err := writable(f); err != nil {
			return err
		}
	}
	if err := r.writeFiles(ctx, name, files); err != nil {
		return err
	}
	_, _, err := r.RegisterPacks(ctx, []string{name}, nil)
	return err
}

// writable reports why clients may not write a file, or nil: they write what is read,
// and not what is run.
func writable(f File) error {
	refuse := func(why string) error { return fault.Newf(fault.Invalid, "%q can't be written: %s.", f.Path, why) }
	folder := path.Dir(f.Path)
	hidden := slices.ContainsFunc(strings.Split(f.Path, "/"), func(part string) bool { return strings.HasPrefix(part, ".") })
	switch ext := path.Ext(f.Path); {
	case !fs.ValidPath(f.Path) || hidden || strings.ContainsAny(f.Path, "\\\x00"):
		return refuse("it is no path of a file in a pack")
	case ext != ".yaml" && ext != ".yml", !slices.Contains([]string{".", "actions", "actions/workflows", "actions/tests", "rules", "policies"}, folder), folder == "." && f.Path != "pack.yaml":
		return refuse("only pack.yaml and the YAML files in actions, actions/workflows, actions/tests, rules and policies can be")
	case len(f.Content) > maxFile:
		return refuse(fmt.Sprintf("it has more than %d bytes", maxFile))
	}
	return nil
}

func (r *Registrar) writeFiles(ctx context.Context, name string, files []File) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ready(ctx); err != nil {
		return err
	}
	folder, err := r.folderFor(name, files)
	if err != nil {
		return err
	}
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return r.makePack(name, folder, files)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return fmt.Errorf("open the folder of the pack: %w", err)
	}
	defer root.Close() //nolint:errcheck // each file was synced
	if err := finishSave(root); err != nil {
		return err
	}
	if err := r.mayBecome(name, folder, root, files); err != nil {
		return err
	}
	return save(root, files)
}

// makePack makes a pack beside its place and moves it there as a whole.
func (r *Registrar) makePack(name, folder string, files []File) error {
	base := filepath.Dir(folder)
	aside := filepath.Join(base, "."+name+".new")
	err := os.RemoveAll(aside) // of a save that was interrupted
	if err == nil {
		err = os.Mkdir(aside, 0o755) //nolint:gosec // actions may run as others, who have to read packs
	}
	if err != nil {
		return fmt.Errorf("make the folder of the pack: %w", err)
	}
	err = r.fillPack(name, aside, files)
	if err == nil {
		err = os.Rename(aside, folder)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(aside))
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		return fmt.Errorf("open the folder of packs: %w", err)
	}
	defer root.Close() //nolint:errcheck // nothing is written through it
	return syncFolder(root, ".")
}

func (r *Registrar) fillPack(name, aside string, files []File) error {
	root, err := os.OpenRoot(aside)
	if err != nil {
		return fmt.Errorf("open the folder of the pack: %w", err)
	}
	defer root.Close() //nolint:errcheck // each file was synced
	if err := r.mayBecome(name, aside, root, files); err != nil {
		return err
	}
	return save(root, files)
}

// mayBecome refuses files that somebody else has changed, and those with which the
// pack would have mistakes in them.
func (r *Registrar) mayBecome(name, folder string, root *os.Root, files []File) error {
	over := overlay{FS: root.FS(), files: map[string]string{}}
	for _, f := range files {
		if err := unchangedSince(root, f); err != nil {
			return err
		}
		over.files[f.Path] = f.Content
	}
	return r.wouldBe(name, folder, over)
}

// folderFor returns the folder of a pack that may be written to.
func (r *Registrar) folderFor(name string, files []File) (string, error) {
	folders, _, err := r.folders()
	if err != nil {
		return "", err
	}
	for _, f := range folders {
		switch {
		case f.name != name:
		case f.own:
			return "", fault.Newf(fault.Invalid, "The pack \"%s\" is built in and can't be changed.", name)
		case f.versioned:
			return "", fault.Newf(fault.Invalid, "The pack \"%s\" was installed, and its next update would undo the change. Save into a pack of your own.", name)
		default:
			return f.path, nil
		}
	}
	if len(r.opts.Folders) == 0 || !slices.ContainsFunc(files, func(f File) bool { return f.Path == "pack.yaml" }) {
		return "", fault.Newf(fault.NotFound, "Pack \"%s\" not found on disk.", name)
	}
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return "", fault.Newf(fault.Invalid, "%q is no name for a pack: it may have lower-case letters, digits and underscores.", name)
	}
	return filepath.Join(r.opts.Folders[0], name), nil
}

// unchangedSince refuses to write over what the client has not seen.
func unchangedSince(root *os.Root, f File) error {
	is, err := root.ReadFile(filepath.FromSlash(f.Path))
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.Was == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fault.Newf(fault.Conflict, "%s is not there any more.", f.Path)
	case err != nil:
		return fmt.Errorf("read %s: %w", f.Path, err)
	case f.Was == nil:
		return fault.Newf(fault.Conflict, "There is a file %s already.", f.Path)
	case string(is) != *f.Was:
		return fault.Newf(fault.Conflict, "%s has been changed since it was opened here.", f.Path)
	}
	return nil
}

// wouldBe refuses files with which the pack would have mistakes in them.
func (r *Registrar) wouldBe(name, folder string, over overlay) error {
	content, found := pack.Read(over, ".", pack.Options{Runner: r.runner, Parse: r.opts.Parse, PolicyTypes: r.opts.PolicyTypes, Path: folder})
	if content.Pack == nil || content.Pack.Ref != name {
		return fault.Newf(fault.Invalid, "With these files, it would not be the pack \"%s\".\n%s", name, found)
	}
	found = append(found, content.CheckTriggers(r.types(content))...)
	found = slices.DeleteFunc(found, func(f pack.Finding) bool { return f.Severity != pack.Error })
	found = append(found, content.CheckWorkflows(r.actions(content))...)
	if ours := slices.DeleteFunc(found, func(f pack.Finding) bool { return !over.has(f.File) }); len(ours) > 0 {
		return fault.Newf(fault.Invalid, "%s", ours)
	}
	return nil
}
