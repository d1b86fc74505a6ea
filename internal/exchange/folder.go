package exchange

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/nightshift-run/nightshift/internal/fault"
)

// copyFolder copies a folder as it is, less what Git and Python keep in it.
func (x *Exchange) copyFolder(from, dir string) error {
	source, err := os.OpenRoot(from)
	if err != nil {
		return err
	}
	defer source.Close() //nolint:errcheck // it was only read
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // what was written has been closed
	w := &writer{root: root, x: x}
	return fs.WalkDir(source.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == ".git" || e.Name() == "__pycache__"):
			return fs.SkipDir
		case e.IsDir():
			return w.folder(name)
		case e.Type() == fs.ModeSymlink:
			target, err := source.Readlink(name)
			if err != nil {
				return err
			}
			return w.link(name, target)
		case !e.Type().IsRegular():
			return w.odd(name)
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		f, err := source.Open(name)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // it was only read
		return w.file(name, info.Mode().Perm(), f)
	})
}

// check finds what a repository has that no pack may have.
func (x *Exchange) check(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // it was only read
	files, size := 0, int64(0)
	return fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && name == ".git":
			return fs.SkipDir
		case e.IsDir():
			return nil
		case e.Type() == fs.ModeSymlink:
			target, err := root.Readlink(name)
			if err != nil {
				return err
			}
			if path.IsAbs(target) || !filepath.IsLocal(path.Join(path.Dir(name), target)) {
				return fault.Newf(fault.Invalid, "The link %q of the pack leads to %q, out of its folder.", name, target)
			}
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if files, size = files+1, size+info.Size(); files > x.opts.MaxFiles || size > x.opts.MaxBytes {
			return x.tooLarge()
		}
		return nil
	})
}
