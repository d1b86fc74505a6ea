// Package bench measures a server on the machine that it runs on. Each figure
// stands beside the physical limit measured in the same run, since the speed of
// a machine may swing by a factor between two runs; the ratio is what counts.
package bench

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/app"
	"github.com/nightshift-run/nightshift/internal/config"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// Options say what is measured. The zero value of each field means its default.
type Options struct {
	Only     []string      // names of measurements; default all
	Duration time.Duration // of each measurement of a rate; default 5 s
	Rows     int           // executions in the long list; default 1,000,000
	Binary   string        // the program whose start is measured; default this one
	Progress io.Writer     // hears which measurement runs; default nobody
}

// A Figure is one measured number.
type Figure struct {
	Name  string  `json:"name"`
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`

	Limit     float64 `json:"limit,omitempty"` // the physical limit, in the same unit
	LimitWhat string  `json:"limit_what,omitempty"`
	Ratio     float64 `json:"ratio,omitempty"` // value to limit

	Target float64 `json:"target,omitempty"` // what the design asks for
	AtMost bool    `json:"at_most,omitempty"`
	Met    bool    `json:"met"`
}

// Report is all figures with the machine that they are of.
type Report struct {
	Go      string    `json:"go"`
	CPUs    int       `json:"cpus"`
	At      time.Time `json:"at"`
	Figures []Figure  `json:"figures"`
}

// bench is one run.
type bench struct {
	opts Options
	dir  string
	out  []Figure
}

func (b *bench) add(f Figure) {
	if f.Limit > 0 {
		f.Ratio = f.Value / f.Limit
	}
	f.Met = f.Target == 0 || f.AtMost && f.Value <= f.Target || !f.AtMost && f.Value >= f.Target
	b.out = append(b.out, f)
}

// Run measures, in fresh folders that it removes again.
func Run(ctx context.Context, opts Options) (*Report, error) {
	if opts.Duration == 0 {
		opts.Duration = 5 * time.Second
	}
	if opts.Rows == 0 {
		opts.Rows = 1_000_000
	}
	if opts.Progress == nil {
		opts.Progress = io.Discard
	}
	dir, err := os.MkdirTemp("", "nightshift-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is in the folder for temporary files
	b := &bench{opts: opts, dir: dir}
	for _, m := range []struct {
		name string
		f    func(context.Context) error
	}{
		{"matched", b.matched},
		{"unmatched", b.unmatched},
		{"rules", b.rules},
		{"shell", b.shell},
		{"ssh", b.remote},
		{"python", b.python},
		{"sensors", b.sensors},
		{"list", b.list},
		{"gets", b.gets},
		{"posts", b.posts},
		{"stream", b.streamed},
		{"result", b.result},
		{"children", b.children},
		{"start", b.start},
		{"sequence", b.sequential},
		{"fan", b.fanned},
		{"items", b.overItems},
		{"crowd", b.crowded},
		{"deep", b.deep},
		{"carry", b.carried},
	} {
		if !opts.wants(m.name) {
			continue
		}
		fmt.Fprintf(opts.Progress, "measuring %s …\n", m.name) //nolint:errcheck // nobody has to see it
		// What the one before has left behind is to slow nobody down.
		debug.FreeOSMemory()
		if err := m.f(ctx); err != nil {
			return nil, fmt.Errorf("measure %s: %w", m.name, err)
		}
	}
	return &Report{Go: runtime.Version(), CPUs: runtime.GOMAXPROCS(0), At: time.Now().UTC(), Figures: b.out}, nil
}

func (o Options) wants(name string) bool {
	return len(o.Only) == 0 || slices.Contains(o.Only, name)
}

// pack is what the servers that are measured have registered.
var pack = map[string]string{ //nolint:gochecknoglobals // constant
	"pack.yaml":         "{ref: bench, name: bench, description: Measured things., version: 1.0.0, author: Nightshift}\n",
	"actions/mark.yaml": "{name: mark, runner_type: noop, enabled: true, parameters: {n: {type: integer, required: true}}}\n",
	"actions/now.yaml":  "{name: now, runner_type: python-script, entry_point: now.py, enabled: true}\n",
	"actions/now.py":    pythonAction,
	"rules/noop.yaml":   "{name: noop, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: noop}}, action: {ref: core.noop}}\n",
	"rules/mark.yaml": "{name: mark, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: mark}}," +
		" action: {ref: bench.mark, parameters: {n: '{{ trigger.body.n }}'}}}\n",
	"rules/never.yaml": "{name: never, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: never}}," +
		" criteria: {trigger.body.status: {type: equals, pattern: broken}}, action: {ref: core.noop}}\n",
}

// server is a server that is measured.
type server struct {
	*app.App
	token string
	stop  context.CancelFunc
	ended chan error
}

// serve starts a server with a fresh data folder in this process, whose pack has
// more files.
func (b *bench) serve(ctx context.Context, name string, runners map[string]runner.Runner, more ...map[string]string) (*server, error) {
	folder := filepath.Join(b.dir, name)
	files := maps.Clone(pack)
	for _, m := range more {
		maps.Copy(files, m)
	}
	for file, text := range files {
		file = filepath.Join(folder, "packs", "bench", file)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	cfg := config.Default()
	cfg.Data, cfg.Listen = filepath.Join(folder, "data"), "127.0.0.1:0"
	cfg.Packs = []string{filepath.Join(folder, "packs")}
	cfg.Python.Libraries = []string{} // what is measured imports nothing else
	a, err := app.Open(ctx, cfg, app.Options{Version: "bench", Runners: runners, Env: []string{path}})
	if err != nil {
		return nil, err
	}
	s := &server{App: a, ended: make(chan error, 1)}
	ctx, s.stop = context.WithCancel(ctx)
	go func() { s.ended <- a.Run(ctx) }()
	if s.token, err = a.AdminToken(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// end stops a server and removes what it kept.
func (s *server) end() error {
	s.stop()
	err := <-s.ended
	if cerr := s.Close(); err == nil {
		err = cerr
	}
	return err
}
