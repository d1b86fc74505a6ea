// Package venv makes the Python environments that packs run in.
//
// There is one environment with the libraries that packs take for granted, and
// one for each set of requirements that packs state, which sees the libraries of
// the first behind its own. Packs that state none share the first. An environment
// is named for what it is made of, made once by whoever needs it first, and never
// changed: a pack with new requirements gets another one, and the old one stays
// for what still runs.
//
// What can be done without an index of packages is: an interpreter that has the
// libraries already needs none. When the libraries that packs take for granted
// can't be had, packs run with what the interpreter has, and it is tried again
// later; when the requirements of a pack can't be had, that is an error with the
// last words of the program that failed, and the pack goes on with the environment
// that it had, if it had one.
package venv

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/process"
	"github.com/nightshift-run/nightshift/internal/runner/python"
)

// Libraries are what packs import without stating it, as StackStorm's own
// libraries are in their way there.
func Libraries() []string {
	return []string{
		"six", "requests", "PyYAML", "Jinja2", "eventlet", "python-dateutil", "pytz", "simplejson", "oslo.config", "paramiko",
		"GitPython", "mock", "setuptools<81",
	}
}

// Options are the settings of [Environments]. The zero value of each field means
// its default.
type Options struct {
	// Interpreter is the name or path of Python. Default python3.
	Interpreter string
	// Env is the environment of the programs that are run, as name=value. Its PATH
	// is where programs are looked for. Default: a PATH, and nothing else.
	Env []string
	// Libraries are what all packs may import. Default [Libraries]; an empty list
	// that is not nil is none.
	Libraries []string

	Index   string   // of packages; default: the installer's own
	Indexes []string // further ones
	Links   []string // folders or pages with packages
	Proxy   string   // for the indexes
	Offline bool     // asks no index at all

	// Timeout is how long the making of one environment may take. Default 15 minutes.
	Timeout time.Duration
	// Retry is how soon what failed is tried again. Default 10 minutes.
	Retry time.Duration
	// Logger hears of each environment. Default: nobody does.
	Logger *slog.Logger
}

// Environments are the environments in one folder. It is a [python.Environments].
type Environments struct {
	spawner *process.Spawner
	dir     string
	opts    Options

	ctx  context.Context //nolint:containedctx // ends what is being made, which outlives who asked first
	stop context.CancelFunc
	all  sync.WaitGroup // of what is being made

	mu     sync.Mutex
	python *interpreter      // nil: not looked for yet, or not found; guarded by mu
	builds map[string]*build // by name; guarded by mu
}

// New returns the environments in dir, which is made when it is needed.
// [Environments.Close] ends what is being made.
func New(p *process.Spawner, dir string, opts Options) *Environments {
	if opts.Interpreter == "" {
		opts.Interpreter = "python3"
	}
	if opts.Env == nil {
		opts.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	}
	if opts.Libraries == nil {
		opts.Libraries = Libraries()
	}
	if opts.Timeout <= 0 {
		opts.Timeout = 15 * time.Minute
	}
	if opts.Retry <= 0 {
		opts.Retry = 10 * time.Minute
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Proxy != "" { // where both installers look for it
		opts.Env = slices.DeleteFunc(slices.Clone(opts.Env), func(entry string) bool {
			name, _, _ := strings.Cut(strings.ToLower(entry), "=")
			return name == "http_proxy" || name == "https_proxy" || name == "all_proxy"
		})
		opts.Env = append(opts.Env, "HTTP_PROXY="+opts.Proxy, "HTTPS_PROXY="+opts.Proxy, "http_proxy="+opts.Proxy, "https_proxy="+opts.Proxy)
	}
	e := &Environments{spawner: p, dir: dir, opts: opts, builds: map[string]*build{}}
	e.ctx, e.stop = context.WithCancel(context.Background())
	return e
}

// Close ends what is being made.
func (e *Environments) Close() {
	e.stop()
	e.all.Wait()
}

// Environment implements [python.Environments]. It waits for what is being made.
func (e *Environments) Environment(ctx context.Context, pack, dir string) (python.Environment, error) {
	env, err := e.Prepare(ctx, pack, dir)
	if err == nil || ctx.Err() != nil {
		return env, err
	}
	if old, ok := e.remembered(ctx, pack); ok {
		e.opts.Logger.WarnContext(ctx, "pack runs in its old environment, as the new one can't be made", "pack", pack, "err", err)
		return old, nil
	}
	return env, err
}

// Prepare makes the environment of the pack in a folder, unless it is there, and
// returns it.
func (e *Environments) Prepare(ctx context.Context, pack, dir string) (python.Environment, error) {
	py, base, err := e.base(ctx)
	if err != nil {
		return python.Environment{}, err
	}
	want := base
	text, err := requirements(dir, requirementsFile)
	if err != nil {
		return python.Environment{}, err
	}
	if text != "" {
		want = recipe{name: "pack-" + digest(base.name, text), files: []string{filepath.Join(dir, requirementsFile)}, behind: base.name}
		if err := e.have(ctx, py, want); err != nil {
			return python.Environment{}, fmt.Errorf("install what %s asks for: %w", requirementsFile, err)
		}
	}
	if pack != "" {
		e.remember(ctx, pack, want.name)
	}
	return e.environment(py, want.name), nil
}

// What tests need beside what the pack needs.
const (
	requirementsFile     = "requirements.txt"
	testRequirementsFile = "requirements-tests.txt"
)

func testLibraries() []string { return []string{"pytest", "mock"} }

// PrepareTests is [Environments.Prepare] for the unit tests of a pack, with what
// its requirements-tests.txt asks for and pytest. A pack that asks for nothing
// has to do without pytest where that can't be had.
func (e *Environments) PrepareTests(ctx context.Context, dir string) (python.Environment, error) {
	py, base, err := e.base(ctx)
	if err != nil {
		return python.Environment{}, err
	}
	want := recipe{libraries: testLibraries(), behind: base.name}
	parts := []string{base.name, strings.Join(want.libraries, "\n")}
	for _, file := range []string{requirementsFile, testRequirementsFile} {
		text, err := requirements(dir, file)
		if err != nil {
			return python.Environment{}, err
		}
		if text != "" {
			want.files = append(want.files, filepath.Join(dir, file))
		}
		parts = append(parts, text)
	}
	want.name = "tests-" + digest(parts...)
	switch err := e.have(ctx, py, want); {
	case err == nil:
		return e.environment(py, want.name), nil
	case len(want.files) == 0 && ctx.Err() == nil:
		e.opts.Logger.WarnContext(ctx, "tests run without pytest", "err", err)
		return e.environment(py, base.name), nil
	default:
		return python.Environment{}, fmt.Errorf("install what the tests need: %w", err)
	}
}

// base returns the interpreter and the recipe of the environment with what all
// packs may import, which is made if it can be.
func (e *Environments) base(ctx context.Context) (*interpreter, recipe, error) {
	py, err := e.interpreter(ctx)
	if err != nil {
		return nil, recipe{}, err
	}
	base := recipe{name: "base-" + digest(py.id, strings.Join(e.opts.Libraries, "\n")), libraries: e.opts.Libraries}
	if err := e.have(ctx, py, base); err != nil {
		if ctx.Err() != nil {
			return nil, recipe{}, err
		}
		// Most packs need few of these, and the interpreter may have them.
		e.opts.Logger.DebugContext(ctx, "packs do without common libraries", "err", err)
	}
	return py, base, nil
}

// environment returns an environment by its name; if it is not there, the
// interpreter alone.
func (e *Environments) environment(py *interpreter, name string) python.Environment {
	bin := filepath.Join(e.dir, name, "bin")
	if !e.made(name) {
		return python.Environment{Key: "none", Python: py.path}
	}
	return python.Environment{Key: name, Python: filepath.Join(bin, "python"), Bin: bin}
}

// made reports whether an environment is complete.
func (e *Environments) made(name string) bool {
	_, err := os.Stat(filepath.Join(e.dir, name, readyFile))
	return err == nil
}

// requirements returns what a file of a pack asks for, without what is only for
// people.
func requirements(dir, file string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, file))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the requirements: %w", err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n"), nil
}

// digest names what parts make.
func digest(parts ...string) string {
	sum := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(sum, "%d %s\n", len(part), part) //nolint:errcheck // a hash takes everything
	}
	return hex.EncodeToString(sum.Sum(nil)[:10])
}

// Which environment a pack used last is in a small file by its name.

func (e *Environments) remember(ctx context.Context, pack, name string) {
	path := filepath.Join(e.dir, "packs", pack)
	if old, err := os.ReadFile(path); err == nil && string(old) == name {
		return
	}
	err := os.MkdirAll(filepath.Dir(path), 0o755) //nolint:gosec // it holds no secrets
	if err == nil {
		err = os.WriteFile(path, []byte(name), 0o644) //nolint:gosec // as above
	}
	if err != nil {
		e.opts.Logger.WarnContext(ctx, "environment of a pack is not remembered", "pack", pack, "err", err)
	}
}

func (e *Environments) remembered(ctx context.Context, pack string) (python.Environment, bool) {
	name, err := os.ReadFile(filepath.Join(e.dir, "packs", pack))
	if err != nil || !e.made(string(name)) {
		return python.Environment{}, false
	}
	py, err := e.interpreter(ctx)
	if err != nil {
		return python.Environment{}, false
	}
	return e.environment(py, string(name)), true
}

// busy reports whether somebody makes an environment right now.
func (e *Environments) busy(name string) bool {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // do not wait for the lock
	unlock, err := lock(ctx, filepath.Join(e.dir, name+lockSuffix))
	if err != nil {
		return true
	}
	unlock()
	return false
}

// testsKept is how long an environment for tests is kept.
const testsKept = 7 * 24 * time.Hour

// Tidy removes environments that no pack has used last, old ones for tests, and
// what was left half-made. It must not be called while packs run.
func (e *Environments) Tidy(ctx context.Context, packs []string) {
	keep := map[string]bool{}
	for _, pack := range packs {
		if name, err := os.ReadFile(filepath.Join(e.dir, "packs", pack)); err == nil {
			keep[string(name)] = true
		}
	}
	entries, err := os.ReadDir(e.dir)
	if err != nil {
		return // there is none yet
	}
	for _, entry := range entries {
		name := entry.Name()
		old := strings.HasPrefix(name, "pack-") && !keep[strings.TrimSuffix(name, lockSuffix)]
		half := entry.IsDir() && strings.HasPrefix(name, "base-") && !e.made(name)
		if strings.HasPrefix(name, "tests-") {
			info, err := entry.Info()
			old = err == nil && time.Since(info.ModTime()) > testsKept
		}
		if !old && !half || e.busy(strings.TrimSuffix(name, lockSuffix)) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(e.dir, name)); err != nil {
			e.opts.Logger.WarnContext(ctx, "old environment was not removed", "name", name, "err", err)
		}
	}
}
