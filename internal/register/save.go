package register

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Files of one save get into their places together, also if the server is killed in
// the middle of it. Each is written beside its place first. Then the journal names
// all of them, and from that moment on the save is made: what is not in its place yet
// is moved there by whoever looks at the pack next. Moves need no room on the disk.

// journal is the file in the folder of a pack that names the files of a save.
const journal = ".save"

// saved is a file of a save that is under way.
type saved struct {
	Path string `json:"path"`
	Was  string `json:"was"` // digest of what is to be replaced; empty: there was none
}

func beside(name string) string { return filepath.FromSlash(name) + ".new" }

// save writes files of a pack, all or none.
func save(root *os.Root, files []File) error {
	list := make([]saved, len(files))
	var err error
	for i, f := range files {
		list[i].Path = f.Path
		if f.Was != nil {
			list[i].Was = sum([]byte(*f.Was))
		}
		if err = stage(root, f.Path, f.Content); err != nil {
			break
		}
	}
	var text []byte
	if err == nil {
		text, err = json.Marshal(list)
	}
	if err == nil {
		err = stage(root, journal, string(text))
	}
	if err == nil {
		err = root.Rename(beside(journal), journal)
	}
	if err != nil {
		for _, f := range files {
			_ = root.Remove(beside(f.Path)) // it may be what could not be written
		}
		return fmt.Errorf("write files of the pack: %w", err)
	}
	return finishSave(root)
}

// stage writes a file beside its place.
func stage(root *os.Root, name, text string) error {
	if err := root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o755); err != nil {
		return err
	}
	out, err := root.Create(beside(name))
	if err != nil {
		return err
	}
	_, err = out.WriteString(text)
	return errors.Join(err, out.Sync(), out.Close())
}

// finishSave puts the files of a save into their places, if one is under way. What
// somebody has changed since it was begun stays as it is.
func finishSave(root *os.Root) error {
	text, err := root.ReadFile(journal)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var list []saved
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err == nil {
		err = syncFolder(root, ".") // the journal counts before the first file moves
	}
	for _, f := range list {
		if err == nil {
			err = f.settle(root)
		}
	}
	for _, f := range list {
		if err == nil {
			err = syncFolder(root, path.Dir(f.Path))
		}
	}
	if err == nil {
		err = root.Remove(journal)
	}
	if err != nil {
		return fmt.Errorf("finish a save: %w", err)
	}
	return nil
}

// settle moves a file to its place, unless that was done.
func (f saved) settle(root *os.Root) error {
	if _, err := root.Lstat(beside(f.Path)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	is, err := root.ReadFile(filepath.FromSlash(f.Path))
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.Was == "", err == nil && sum(is) == f.Was:
		return root.Rename(beside(f.Path), filepath.FromSlash(f.Path))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	default:
		return root.Remove(beside(f.Path))
	}
}

// syncFolder has the names in a folder, and in those above it, reach the disk.
func syncFolder(root *os.Root, name string) error {
	dir, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	err = errors.Join(dir.Sync(), dir.Close())
	if err != nil || name == "." {
		return err
	}
	return syncFolder(root, path.Dir(name))
}
