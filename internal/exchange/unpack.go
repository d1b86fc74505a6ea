package exchange

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/fault"
)

func isArchive(name string) bool {
	if u, err := url.Parse(name); err == nil && u.Path != "" {
		name = u.Path
	}
	return slices.ContainsFunc([]string{".tar", ".tar.gz", ".tgz", ".tar.bz2", ".zip"}, func(ext string) bool { return strings.HasSuffix(name, ext) })
}

// download fetches an archive and unpacks it.
func (x *Exchange) download(ctx context.Context, s Source, dir string) error {
	if s.Ref != "" {
		return fault.Newf(fault.Invalid, "An archive has no versions to choose from.")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		return fault.Newf(fault.Invalid, "%v", err)
	}
	res, err := x.http.Do(req)
	if err != nil {
		return &fault.Fault{Kind: fault.Busy, Msg: "The archive can't be fetched: " + cause(err).Error(), Err: err}
	}
	defer res.Body.Close() //nolint:errcheck // read as far as it matters
	if res.StatusCode != http.StatusOK {
		return fault.Newf(fault.Invalid, "The archive can't be fetched: %s.", res.Status)
	}
	f, err := os.CreateTemp(filepath.Dir(dir), "download-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it is in the staging folder, which is removed
	defer f.Close()           //nolint:errcheck // what counts was told by the copy
	n, err := io.Copy(f, io.LimitReader(res.Body, x.opts.MaxBytes+1))
	if err != nil {
		return &fault.Fault{Kind: fault.Busy, Msg: "The archive ended early: " + cause(err).Error(), Err: err}
	}
	if n > x.opts.MaxBytes {
		return x.tooLarge()
	}
	return x.unpack(f, s.Sum, dir)
}

// cause is what went wrong without the URL, which is known and may have a secret in it.
func cause(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

func (x *Exchange) unpackFile(file, sum, dir string) error {
	f, err := os.Open(file) //nolint:gosec // who may install packs may name it
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	return x.unpack(f, sum, dir)
}

// unpack checks the sum of an archive and unpacks it. What it is, its first bytes say.
func (x *Exchange) unpack(f *os.File, sum, dir string) error {
	if sum != "" {
		h := sha256.New()
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.Copy(h, f); err != nil {
			return err
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != sum {
			return fault.Newf(fault.Invalid, "The archive has the sum %s, not %s.", got, sum)
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // what was written has been closed
	w := &writer{root: root, x: x}
	r := bufio.NewReader(f)
	start, _ := r.Peek(4) // an archive that is shorter is none, and is told so below
	switch {
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		return w.zip(f)
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(r)
		if err != nil {
			return notGood(err)
		}
		return w.tar(z)
	case bytes.HasPrefix(start, []byte("BZh")):
		return w.tar(bzip2.NewReader(r))
	default:
		return w.tar(r)
	}
}

func notGood(err error) error {
	return fault.Newf(fault.Invalid, "The archive is damaged or none: %v.", err)
}

func (x *Exchange) tooLarge() error {
	return fault.Newf(fault.TooLarge, "The pack is larger than %d MiB or has more than %d files.", x.opts.MaxBytes>>20, x.opts.MaxFiles)
}

// A writer writes a pack into a folder, and nowhere else: names are local, links
// lead to something in the folder, and the folder is a root that the system keeps.
type writer struct {
	root  *os.Root
	x     *Exchange
	bytes int64
	files int
}

func (w *writer) zip(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return notGood(err)
	}
	for _, e := range z.File {
		if err := w.zipped(e); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) zipped(e *zip.File) error {
	if e.Mode().IsDir() {
		return w.folder(e.Name)
	}
	r, err := e.Open()
	if err != nil {
		return notGood(err)
	}
	defer r.Close() //nolint:errcheck // it was only read
	if e.Mode().IsRegular() {
		return w.file(e.Name, e.Mode().Perm(), r)
	}
	if e.Mode().Type() == fs.ModeSymlink {
		const longest = 4096
		target, err := io.ReadAll(io.LimitReader(r, longest))
		if err != nil {
			return notGood(err)
		}
		return w.link(e.Name, string(target))
	}
	return w.odd(e.Name)
}

func (w *writer) tar(r io.Reader) error {
	t := tar.NewReader(r)
	for n := 0; ; n++ {
		e, err := t.Next()
		if errors.Is(err, io.EOF) && n > 0 {
			return nil
		}
		if err != nil {
			return notGood(err)
		}
		switch e.Typeflag {
		case tar.TypeDir:
			err = w.folder(e.Name)
		case tar.TypeReg:
			err = w.file(e.Name, fs.FileMode(e.Mode).Perm(), t) //nolint:gosec // only the permissions are taken
		case tar.TypeSymlink:
			err = w.link(e.Name, e.Linkname)
		case tar.TypeXGlobalHeader: // what Git says of the commit
		default:
			err = w.odd(e.Name)
		}
		if err != nil {
			return err
		}
	}
}

func (w *writer) odd(name string) error {
	return fault.Newf(fault.Invalid, "The pack has %q, which is neither a file, nor a folder, nor a symbolic link.", name)
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
