package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// scriptMode lets the login's user run a script.
const scriptMode = 0o744

// A parcel is what a script needs on another machine: itself, and the folder lib
// beside it if there is one.
type parcel struct {
	root *os.Root // the folder of the script; links don't lead out of the pack
	from string   // the folder of the script in root
	name string   // of the script
	dir  string   // where all of it goes, on the other machine
}

func parcelOf(t *runner.Task) (*parcel, error) {
	root, from := t.ContentDir, ""
	if root != "" {
		var err error
		if from, err = filepath.Rel(root, filepath.Dir(t.EntryPoint)); err != nil || !filepath.IsLocal(from) {
			root = ""
		}
	}
	if root == "" {
		root, from = filepath.Dir(t.EntryPoint), "."
	}
	opened, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("open the folder of the script: %w", err)
	}
	p := &parcel{root: opened, from: filepath.ToSlash(from), name: filepath.Base(t.EntryPoint)}
	if info, err := opened.Stat(path.Join(p.from, p.name)); err != nil {
		return nil, errors.Join(fmt.Errorf("read the script: %w", err), opened.Close())
	} else if info.IsDir() {
		return nil, errors.Join(fmt.Errorf("the script %s is a folder", t.EntryPoint), opened.Close())
	}
	dir := "/tmp"
	if v := t.Parameter("dir", nil); value.Truth(v) {
		dir = value.Str(v)
	}
	p.dir = path.Join(dir, t.ExecutionID)
	return p, nil
}

func (p *parcel) close() { _ = p.root.Close() } // it was only read

// script is the path of the script on the other machine.
func (p *parcel) script() string { return path.Join(p.dir, p.name) }

// send copies it to a host.
func (p *parcel) send(ctx context.Context, s *session) error {
	stop := context.AfterFunc(ctx, func() { _ = s.channel.Close() })
	defer stop()
	err := p.over(s.channel)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("copy the script to the host: %w", err)
	}
	return nil
}

func (p *parcel) over(channel ssh.Channel) error {
	ok, err := channel.SendRequest("subsystem", true, ssh.Marshal(struct{ Name string }{"sftp"}))
	if err != nil {
		return err
	}
	if !ok {
		return errors.New("it has no SFTP")
	}
	c, err := sftp.NewClientPipe(channel, channel)
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // everything has been answered by then
	if err := c.MkdirAll(p.dir); err != nil {
		return fmt.Errorf("make the folder %s: %w", p.dir, err)
	}
	if err := p.file(c, path.Join(p.from, p.name), p.script(), scriptMode); err != nil {
		return err
	}
	lib := path.Join(p.from, "lib")
	if info, err := p.root.Stat(lib); err != nil || !info.IsDir() {
		return nil
	}
	return fs.WalkDir(p.root.FS(), lib, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := path.Join(p.dir, "lib", name[len(lib):])
		switch {
		case e.IsDir() && e.Name() == "__pycache__":
			return fs.SkipDir
		case e.IsDir():
			return c.MkdirAll(to)
		}
		info, err := p.root.Stat(name) // what a link leads to
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		return p.file(c, name, to, info.Mode().Perm())
	})
}

// file copies one file.
func (p *parcel) file(c *sftp.Client, from, to string, mode fs.FileMode) (err error) {
	source, err := p.root.Open(from)
	if err != nil {
		return err
	}
	defer source.Close() //nolint:errcheck // it was only read
	target, err := c.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return fmt.Errorf("make the file %s: %w", to, err)
	}
	defer func() {
		if e := target.Close(); err == nil && e != nil {
			err = fmt.Errorf("write the file %s: %w", to, e)
		}
	}()
	if _, err := io.Copy(target, source); err != nil {
		return fmt.Errorf("write the file %s: %w", to, err)
	}
	return target.Chmod(mode)
}
