package register

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// overlay is a folder in which some files are other ones than those that are there.
type overlay struct {
	fs.FS
	files map[string]string // what is in them, by their paths
}

func (o overlay) has(name string) bool { _, ok := o.files[name]; return ok }

// Open implements [fs.FS].
func (o overlay) Open(name string) (fs.File, error) {
	if text, ok := o.files[name]; ok {
		return written{strings.NewReader(text), path.Base(name)}, nil
	}
	return o.FS.Open(name)
}

// ReadDir implements [fs.ReadDirFS].
func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	there, err := fs.ReadDir(o.FS, name)
	all := map[string]fs.DirEntry{}
	for _, e := range there {
		all[e.Name()] = e
	}
	for file, text := range o.files {
		if path.Dir(file) == name {
			all[path.Base(file)] = fs.FileInfoToDirEntry(written{strings.NewReader(text), path.Base(file)})
		}
	}
	if len(all) > 0 && errors.Is(err, fs.ErrNotExist) {
		err = nil // the folder is about to be made
	}
	return slices.SortedFunc(maps.Values(all), func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) }), err
}

// written is a file that is about to be.
type written struct {
	*strings.Reader
	name string
}

var _ interface {
	fs.File
	fs.FileInfo
	io.Reader
} = written{}

func (w written) Stat() (fs.FileInfo, error) { return w, nil }
func (w written) Close() error               { return nil }
func (w written) Name() string               { return w.name }
func (w written) Mode() fs.FileMode          { return 0o644 }
func (w written) ModTime() time.Time         { return time.Time{} }
func (w written) IsDir() bool                { return false }
func (w written) Sys() any                   { return nil }
