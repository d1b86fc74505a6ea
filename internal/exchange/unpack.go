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
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
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
