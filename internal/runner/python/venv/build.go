package venv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	readyFile  = "ready" // is in an environment that is complete
	lockSuffix = ".lock"
)

// recipe says what an environment is made of.
type recipe struct {
	name      string   // of its folder
	libraries []string // by name
	files     []string // in files
	behind    string   // name of the environment whose libraries come after its own
}

// build is an environment in the making, or what came of it.
type build struct {
	done chan struct{} // closed at the end
	err  error         // read it after done
	at   time.Time     // of the end; read it after done
}

// have returns when an environment is there. Many may ask for the same one: it is
// made once, and whoever gives up waiting does not end it.
func (e *Environments) have(ctx context.Context, py *interpreter, r recipe) error {
	if e.made(r.name) {
		return nil
	}
	e.mu.Lock()
	b := e.builds[r.name]
	if b == nil || b.over(e.opts.Retry) {
		b = &build{done: make(chan struct{})}
		e.builds[r.name] = b
		e.all.Go(func() {
			b.err = e.makeOne(py, r)
			b.at = time.Now()
			close(b.done)
		})
	}
	e.mu.Unlock()
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// over reports whether a build is to be made anew: it failed long ago, or what it
// made has been removed.
func (b *build) over(retry time.Duration) bool {
	select {
	case <-b.done:
		return b.err == nil || time.Since(b.at) > retry
	default:
		return false
	}
}

// makeOne makes an environment, unless another server that shares the folder has
// just done so.
func (e *Environments) makeOne(py *interpreter, r recipe) error {
	ctx, cancel := context.WithTimeout(e.ctx, e.opts.Timeout)
	defer cancel()
	if err := os.MkdirAll(e.dir, 0o755); err != nil { //nolint:gosec // actions of another user read it
		return err
	}
	unlock, err := lock(ctx, filepath.Join(e.dir, r.name+lockSuffix))
	if err != nil {
		return err
	}
	defer unlock()
	if e.made(r.name) {
		return nil
	}
	dir := filepath.Join(e.dir, r.name)
	began := time.Now()
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove what was left half-made: %w", err)
	}
	if err := e.fill(ctx, py, r, dir); err != nil {
		_ = os.RemoveAll(dir) // it is not complete, and so nobody uses it
		e.opts.Logger.Warn("environment can't be made", "name", r.name, "err", err)
		return err
	}
	e.opts.Logger.Info("environment is made", "name", r.name, "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// fill makes an environment in dir.
func (e *Environments) fill(ctx context.Context, py *interpreter, r recipe, dir string) error {
	if _, err := e.run(ctx, py.path, "-m", "venv", "--without-pip", "--system-site-packages", dir); err != nil {
		return fmt.Errorf("make a virtual environment: %w", err)
	}
	site := py.sitePackages(dir)
	if r.behind != "" {
		behind := py.sitePackages(filepath.Join(e.dir, r.behind))
		if err := os.WriteFile(filepath.Join(site, "zz-nightshift.pth"), []byte(behind+"\n"), 0o644); err != nil { //nolint:gosec // no secret
			return err
		}
	}
	if len(r.files)+len(r.libraries) > 0 {
		if err := e.install(ctx, py, r, dir); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, readyFile), []byte(strings.Join(slices.Concat(r.libraries, r.files), "\n")+"\n"), 0o644) //nolint:gosec // no secret
}

// install installs libraries into an environment: with uv where that is, else
// with the pip of the interpreter, else with one that is put into the environment.
func (e *Environments) install(ctx context.Context, py *interpreter, r recipe, dir string) error {
	target := filepath.Join(dir, "bin", "python")
	var what []string
	for _, file := range r.files {
		what = append(what, "-r", file)
	}
	what = append(what, r.libraries...)
	if uv, err := e.find("uv"); err == nil {
		args := append([]string{"pip", "install", "--quiet", "--python", target}, e.sources("--default-index", "--index", "--offline")...)
		_, err := e.run(ctx, uv, append(args, what...)...)
		return err
	}
	program, args := py.path, []string{"-m", "pip", "--python", target}
	if newEnough := [2]int{22, 3}; py.pip[0] < newEnough[0] || py.pip[0] == newEnough[0] && py.pip[1] < newEnough[1] {
		if _, err := e.run(ctx, target, "-m", "ensurepip", "--default-pip"); err != nil {
			return fmt.Errorf("there is neither uv nor pip: %w", err)
		}
		program, args = target, []string{"-m", "pip"}
	}
	args = append(args, "install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-warn-script-location", "--retries", "1")
	args = append(args, e.sources("--index-url", "--extra-index-url", "--no-index")...)
	_, err := e.run(ctx, program, append(args, what...)...)
	return err
}

// sources says where packages come from, with the options of an installer.
func (e *Environments) sources(index, extra, offline string) []string {
	var args []string
	if e.opts.Offline {
		args = append(args, offline)
	} else {
		if e.opts.Index != "" {
			args = append(args, index, e.opts.Index)
		}
		for _, more := range e.opts.Indexes {
			args = append(args, extra, more)
		}
	}
	for _, links := range e.opts.Links {
		args = append(args, "--find-links", links)
	}
	return args
}

// lock takes the lock in a file, which other servers respect.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644) //nolint:gosec // no secret
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			_ = f.Close()
			return nil, context.Cause(ctx)
		}
	}
}
