package exchange

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/nightshift-run/nightshift/internal/fault"
)

// A writer writes a pack into a folder, and nowhere else: names are local, links
// lead to something in the folder, and the folder is a root that the system keeps.
type writer struct {
	root  *os.Root
	x     *Exchange
	bytes int64
	files int
}

// local returns a name as it is in the root.
func (w *writer) local(name string) (string, error) {
	clean := path.Clean(strings.ReplaceAll(name, `\`, "/"))
	if !filepath.IsLocal(clean) {
		return "", fault.Newf(fault.Invalid, "The pack has the name %q, which leads out of its folder.", name)
	}
	if w.files++; w.files > w.x.opts.MaxFiles {
		return "", w.x.tooLarge()
	}
	return clean, nil
}

func (w *writer) odd(name string) error {
	return fault.Newf(fault.Invalid, "The pack has %q, which is neither a file, nor a folder, nor a symbolic link.", name)
}

func (w *writer) folder(name string) error {
	name, err := w.local(name)
	if err != nil || name == "." {
		return err
	}
	return w.root.MkdirAll(name, 0o755)
}

func (w *writer) file(name string, mode fs.FileMode, r io.Reader) (err error) {
	if name, err = w.local(name); err != nil {
		return err
	}
	if err := w.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := w.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644|mode&0o111)
	if err != nil {
		return fault.Newf(fault.Invalid, "The pack can't be written: %v.", err)
	}
	n, err := io.Copy(f, io.LimitReader(r, w.x.opts.MaxBytes-w.bytes+1))
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if w.bytes += n; w.bytes > w.x.opts.MaxBytes {
		return w.x.tooLarge()
	}
	return nil
}

func (w *writer) link(name, target string) error {
	name, err := w.local(name)
	if err != nil {
		return err
	}
	if path.IsAbs(target) || !filepath.IsLocal(path.Join(path.Dir(name), target)) {
		return fault.Newf(fault.Invalid, "The link %q of the pack leads to %q, out of its folder.", name, target)
	}
	if err := w.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	return w.root.Symlink(target, name)
}
