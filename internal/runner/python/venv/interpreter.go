package venv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/process"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// interpreter is what environments are made with.
type interpreter struct {
	path    string // absolute, of the program itself rather than of what picks one
	version [2]int
	pip     [2]int // zero: it has none
	id      string // what environments depend on
}

// probe asks an interpreter about itself.
const probe = `
import json, sys
try:
    from importlib.metadata import version
    pip = version("pip")
except Exception:
    pip = ""
print(json.dumps([sys.executable, list(sys.version_info[:3]), pip, sys.implementation.cache_tag]))
`

// oldest is the oldest Python that the files that come with the server run on.
const oldest = 8

// interpreter returns the interpreter, which is looked for until it is found.
func (e *Environments) interpreter(ctx context.Context) (*interpreter, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.python != nil {
		return e.python, nil
	}
	path, err := e.find(e.opts.Interpreter)
	if err != nil {
		return nil, fmt.Errorf("there is no Python: %w; the setting python.interpreter says which to use", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	out, err := e.run(ctx, path, "-I", "-c", probe)
	if err != nil {
		return nil, fmt.Errorf("ask %s for its version: %w", path, err)
	}
	py := &interpreter{}
	var version [3]int
	var pip, tag string
	if err := json.Unmarshal([]byte(out), &[]any{&py.path, &version, &pip, &tag}); err != nil {
		return nil, fmt.Errorf("ask %s for its version: it answers %q", path, out)
	}
	if version[0] != 3 || version[1] < oldest {
		return nil, fmt.Errorf("%s is Python %d.%d; at least 3.%d is needed", path, version[0], version[1], oldest)
	}
	py.version = [2]int(version[:2])
	_, _ = fmt.Sscanf(pip, "%d.%d", &py.pip[0], &py.pip[1]) // what it is not stays zero
	py.id = fmt.Sprintf("%s %s %v", py.path, tag, version)
	e.python = py
	return py, nil
}

// sitePackages is where an environment has its libraries.
func (p *interpreter) sitePackages(env string) string {
	return filepath.Join(env, "lib", fmt.Sprintf("python%d.%d", p.version[0], p.version[1]), "site-packages")
}

// find returns the path of a program.
func (e *Environments) find(program string) (string, error) {
	if filepath.IsAbs(program) {
		if executable(program) {
			return program, nil
		}
		return "", fmt.Errorf("%s is no program", program)
	}
	for _, entry := range e.opts.Env {
		dirs, ok := strings.CutPrefix(entry, "PATH=")
		for _, dir := range filepath.SplitList(dirs) {
			if path := filepath.Join(dir, program); ok && filepath.IsAbs(path) && executable(path) {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("%s is not in the PATH", program)
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// run runs a program and returns what it printed on standard output. An error has
// its last words.
func (e *Environments) run(ctx context.Context, path string, args ...string) (string, error) {
	out := runner.NewCapture(runner.Discard{}, runner.Stdout, 64<<10)
	all := runner.NewCapture(runner.Discard{}, runner.Stderr, 64<<10)
	exit, err := e.spawner.Run(ctx, &process.Cmd{
		Path: path, Args: append([]string{path}, args...), Dir: "/", Env: e.opts.Env,
		Stdout: out.Add, Stderr: all.Add,
	})
	switch {
	case err != nil:
		return "", err
	case exit.Cause != nil && errors.Is(exit.Cause, context.DeadlineExceeded):
		return "", fmt.Errorf("%s took too long and was ended", filepath.Base(path))
	case exit.Cause != nil:
		return "", exit.Cause
	case exit.Code != 0:
		return "", fmt.Errorf("%s ended with %d: %s", filepath.Base(path), exit.Code, lastWords(all.Text(), out.Text()))
	}
	return out.Text(), nil
}

// lastWords returns the lines of what a program said that tell why it failed: its
// errors, with the lines below them that are indented, or else the last ones.
func lastWords(stderr, stdout string) string {
	const most = 12
	for _, text := range []string{stderr, stdout} {
		var lines, errs []string
		goesOn := false
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, "\r\n ")
			if line == "" {
				continue
			}
			lines = append(lines, line)
			begins := strings.HasPrefix(strings.ToLower(line), "error")
			if goesOn = begins || goesOn && line[0] == ' '; goesOn {
				errs = append(errs, line)
			}
		}
		if len(errs) > 0 {
			lines = errs
		}
		if len(lines) > 0 {
			return strings.Join(lines[max(0, len(lines)-most):], "\n")
		}
	}
	return "it said nothing"
}
