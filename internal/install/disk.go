package install

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// The folders beside the packs. Their names begin with a dot, so nobody takes them
// for packs.
const (
	staging  = ".staging"
	versions = ".versions"
)

// originFile says where a version came from. It lies beside the version.
const originFile = "origin.json"

// A disk is the folder of installed packs:
//
//	tools -> .versions/tools@1.2.0-6f0c…/tools    which version counts
//	.versions/tools@1.2.0-6f0c…/tools/            a version
//	.versions/tools@1.2.0-6f0c…/origin.json       where it came from
//	.staging/                                     what is being fetched
type disk struct{ dir string }

// origin is where a version of a pack came from.
type origin struct {
	ID      string    `json:"id"`
	Source  string    `json:"source"` // as it was given
	From    string    `json:"from"`
	Ref     string    `json:"ref,omitempty"`
	Commit  string    `json:"commit,omitempty"`
	Version string    `json:"version"`
	Digest  string    `json:"sha256"`
	At      time.Time `json:"at"`
}

var pinned = regexp.MustCompile(`^(v?\d+\.\d+(\.\d+)?.*|[0-9a-f]{7,64})$`)

func isVersion(text string) bool { return pinned.MatchString(text) }

// newest returns the source of the newest version: a branch is kept, and what names
// one version is not.
func (o origin) newest() string {
	if o.Ref != "" && isVersion(o.Ref) {
		return strings.TrimSuffix(o.Source, "="+o.Ref)
	}
	return o.Source
}

func (d disk) version(ref, id string) string { return filepath.Join(d.dir, versions, ref+"@"+id) }

// stage makes an empty folder dir for what is being fetched, in one of its own.
func (d disk) stage() (stage, dir string, err error) {
	base := filepath.Join(d.dir, staging)
	if err := os.MkdirAll(base, 0o755); err != nil { //nolint:gosec // actions may run as others, who have to read packs
		return "", "", fmt.Errorf("make the folder for packs: %w", err)
	}
	if stage, err = os.MkdirTemp(base, ""); err != nil {
		return "", "", fmt.Errorf("make the folder for packs: %w", err)
	}
	dir = filepath.Join(stage, "pack")
	return stage, dir, os.Mkdir(dir, 0o755) //nolint:gosec // as above
}

// keep moves a pack that was fetched to the folder of its version, and returns that.
func (d disk) keep(ref, from string, o origin) (string, error) {
	home := d.version(ref, o.ID)
	dir := filepath.Join(home, ref)
	if _, err := os.Stat(filepath.Join(home, originFile)); err == nil {
		return dir, d.note(home, o) // it is there already
	}
	if err := os.RemoveAll(home); err != nil { // what an installation left that broke off
		return "", err
	}
	if err := os.MkdirAll(home, 0o755); err != nil { //nolint:gosec // as above
		return "", err
	}
	if err := os.Rename(from, dir); err != nil {
		return "", err
	}
	return dir, d.note(home, o)
}

// note writes down where a version came from.
func (d disk) note(home string, o origin) error {
	o.At = time.Now().UTC()
	b, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(home, originFile), append(b, '\n'), 0o644) //nolint:gosec // as above
}

// link makes a version the one that counts. undo makes it the one that did before.
func (d disk) link(ref, id string) (undo func() error, err error) {
	name := filepath.Join(d.dir, ref)
	before, err := os.Readlink(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is there, and was not installed: %w", name, err)
	}
	if err := d.point(name, filepath.Join(versions, ref+"@"+id, ref)); err != nil {
		return nil, err
	}
	if before == "" {
		return func() error { return os.Remove(name) }, nil
	}
	if home := filepath.Dir(filepath.Join(d.dir, before)); home != d.version(ref, id) {
		d.retire(home)
	}
	return func() error { return d.point(name, before) }, nil
}

// point makes a link or changes where it leads, at once.
func (d disk) point(name, to string) error {
	fresh := filepath.Join(d.dir, staging, "link-"+filepath.Base(name))
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(to, fresh); err != nil {
		return err
	}
	return os.Rename(fresh, name)
}

// retire remembers until when a version counted: that is the time of its folder.
func (d disk) retire(home string) {
	now := time.Now()
	_ = os.Chtimes(home, now, now) // else it is older than it seems, and goes earlier
}

// unlink makes no version of a pack count.
func (d disk) unlink(ref string) error {
	name := filepath.Join(d.dir, ref)
	to, err := os.Readlink(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return os.RemoveAll(name) // somebody put the folder there by hand
	}
	d.retire(filepath.Dir(filepath.Join(d.dir, to)))
	return os.Remove(name)
}

// has reports whether a pack is in the folder.
func (d disk) has(ref string) bool {
	_, err := os.Lstat(filepath.Join(d.dir, ref))
	return err == nil
}

// holds reports whether a path is in the folder.
func (d disk) holds(path string) bool {
	for _, base := range []string{d.dir, resolved(d.dir)} {
		if below, err := filepath.Rel(base, path); err == nil && filepath.IsLocal(below) {
			return true
		}
	}
	return false
}

func resolved(dir string) string {
	if r, err := filepath.EvalSymlinks(dir); err == nil {
		return r
	}
	return dir
}

// origin returns where the version of a pack came from that counts.
func (d disk) origin(ref string) (origin, error) {
	var o origin
	to, err := os.Readlink(filepath.Join(d.dir, ref))
	if err != nil {
		return o, err
	}
	b, err := os.ReadFile(filepath.Join(d.dir, filepath.Dir(to), originFile))
	if err != nil {
		return o, err
	}
	return o, json.Unmarshal(b, &o)
}

// version is one that does not count any more.
type version struct {
	ref   string
	name  string    // of its folder
	until time.Time // it counted
}

// tidy removes the versions that don't count and that nobody needs.
func (d disk) tidy(needed func(version) (bool, error)) error {
	entries, err := os.ReadDir(filepath.Join(d.dir, versions))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		ref, id, ok := strings.Cut(e.Name(), "@")
		info, err := e.Info()
		if !ok || err != nil {
			continue
		}
		to, err := os.Readlink(filepath.Join(d.dir, ref))
		if err == nil && to == filepath.Join(versions, ref+"@"+id, ref) {
			continue
		}
		if keep, err := needed(version{ref, e.Name(), info.ModTime()}); keep || err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, os.RemoveAll(filepath.Join(d.dir, versions, e.Name())))
	}
	return errors.Join(errs...)
}
