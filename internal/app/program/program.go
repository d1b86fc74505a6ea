// Package program adds to the command line what runs a server in this process:
// serve, demo and bench.
package program

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"runtime/debug"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/app"
	"github.com/nightshift-run/nightshift/internal/app/bench"
	"github.com/nightshift-run/nightshift/internal/app/demo"
	"github.com/nightshift-run/nightshift/internal/config"
)

// Options are what the program hands to its servers.
type Options struct {
	Version string
	Env     []string                              // the environment of local actions
	Proxy   func(*http.Request) (*url.URL, error) // for HTTP actions
}

func (o Options) server(c config.Config, stderr io.Writer) app.Options {
	return app.Options{Version: o.Version, Logger: logger(c, stderr), Env: o.Env, Proxy: o.Proxy}
}

// Commands returns the commands. Servers end when the context of the command
// does.
func Commands(o Options) []*cobra.Command {
	return []*cobra.Command{serveCommand(o), demoCommand(o), benchCommand()}
}

// settings are flags over a file over defaults.
type settings struct {
	file, data, listen, level string
	packs                     []string
	st2Ports                  bool
}

func (s *settings) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&s.file, "config", "", "file with settings, in YAML")
	f.StringVar(&s.data, "data", "", "folder that holds everything (default ./nightshift-data)")
	f.StringVar(&s.listen, "listen", "", "host:port to serve on; port 0 takes a free one (default 127.0.0.1:9100)")
	f.BoolVar(&s.st2Ports, "st2-ports", false, "serve on StackStorm's ports 9100, 9101 and 9102, too")
	f.StringSliceVar(&s.packs, "packs", nil, "folder whose subfolders are packs; may be given several times")
	f.StringVar(&s.level, "log-level", "", "least that is said on standard error: debug, info, warn, error (default info)")
}

func (s *settings) read() (config.Config, error) {
	c := config.Default()
	if s.file != "" {
		text, err := os.ReadFile(s.file)
		if err != nil {
			return c, err
		}
		if c, err = config.Read(text); err != nil {
			return c, fmt.Errorf("%s: %w", s.file, err)
		}
	}
	for to, from := range map[*string]string{&c.Data: s.data, &c.Listen: s.listen, &c.Log.Level: s.level} {
		if from != "" {
			*to = from
		}
	}
	if len(s.packs) > 0 {
		c.Packs = s.packs
	}
	c.ST2Ports = c.ST2Ports || s.st2Ports
	return c, nil
}

func logger(c config.Config, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Log.Level)); err != nil {
		level = slog.LevelInfo // settings were checked; a flag may say something else
	}
	opts := &slog.HandlerOptions{Level: level}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

func serveCommand(o Options) *cobra.Command {
	var s settings
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: `Run the server: API, rules, timers and actions in one process, with everything
it must not forget in one folder. It says in one line when it is ready and where.

The first start makes the user admin and prints its password, once.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := s.read()
			if err != nil {
				return err
			}
			opts := o.server(cfg, cmd.ErrOrStderr())
			if cfg.RBAC.Enable {
				hangups := make(chan os.Signal, 1) // one that waits stands for all
				signal.Notify(hangups, syscall.SIGHUP)
				defer signal.Stop(hangups)
				opts.Hangups = hangups
			}
			a, err := app.Open(cmd.Context(), cfg, opts)
			if err != nil {
				return err
			}
			return run(cmd.Context(), a, cmd.OutOrStdout(), nil)
		},
	}
	s.flags(c)
	return c
}

// run runs a server and meanwhile show, whose error ends both.
func run(ctx context.Context, a *app.App, out io.Writer, show func(context.Context) error) (err error) {
	defer func() { err = errors.Join(err, a.Close()) }()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	if p := a.AdminPassword(); p != "" {
		fmt.Fprintf(out, "user admin, password %s  (shown this once; nightshift login admin)\n", p) //nolint:errcheck // a terminal
	}
	fmt.Fprintf(out, "nightshift is ready at %s\n", a.URL()) //nolint:errcheck // a terminal
	debug.FreeOSMemory()                                     // the start has left behind more than is kept
	if show != nil {
		if err := show(ctx); err != nil {
			stop()
			return errors.Join(err, <-ended)
		}
	}
	return <-ended
}

func demoCommand(o Options) *cobra.Command {
	var s settings
	var once bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show a service die and be repaired, live",
		Long: `Run the server with the packs of examples/, start a small HTTP service, kill it,
and print how it is noticed, repaired and verified, with the milliseconds of each
step. Then the server stays up to be played with.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := s.read()
			if err != nil {
				return err
			}
			if s.level == "" {
				cfg.Log.Level = "warn" // the timeline is what people came for
			}
			if len(cfg.Packs) == 0 {
				cfg.Packs = []string{"examples/packs"}
			}
			opts := o.server(cfg, cmd.ErrOrStderr())
			a, err := app.Open(cmd.Context(), cfg, opts)
			if errors.Is(err, syscall.EADDRINUSE) && s.listen == "" {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s is taken; a free port is used\n", cfg.Listen) //nolint:errcheck // a terminal
				cfg.Listen = "127.0.0.1:0"
				a, err = app.Open(cmd.Context(), cfg, opts)
			}
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			ctx, stop := context.WithCancel(cmd.Context())
			defer stop()
			return run(ctx, a, out, func(ctx context.Context) error {
				if err := demo.Run(ctx, a, out); err != nil || once {
					stop()
					return err
				}
				fmt.Fprintf(out, "\nThe server stays up; Ctrl-C ends it. To look around, in a browser: %s/\n"+ //nolint:errcheck // a terminal
					"(user admin; the first start has printed the password), or in another terminal:\n"+
					"  bin/nightshift login admin --url %s\n"+
					"  bin/nightshift execution list\n"+
					"  bin/nightshift run core.local cmd=date\n", a.URL(), a.URL())
				return nil
			})
		},
	}
	s.flags(c)
	c.Flags().BoolVar(&once, "once", false, "end when the service is repaired")
	return c
}

func benchCommand() *cobra.Command {
	var opts bench.Options
	var profile string
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure this program on this machine",
		Long: `Measure this program on this machine, on fresh data folders, and print each figure
as JSON beside the physical limit measured in the same run.

Measurements: matched, unmatched, rules, shell, python, ssh, sensors, start; of the API: list, gets, posts, stream, result, children; of workflows: sequence, fan, items, crowd, deep, carry.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Progress = cmd.ErrOrStderr()
			if profile != "" {
				f, err := os.Create(profile)
				if err != nil {
					return err
				}
				defer f.Close() //nolint:errcheck // a profile that is cut short is no use, and says so
				if err := pprof.StartCPUProfile(f); err != nil {
					return err
				}
				defer pprof.StopCPUProfile()
			}
			report, err := bench.Run(cmd.Context(), opts)
			if err != nil {
				return err
			}
			enc := json.NewEncoder(cmd.OutOrStdout())
			enc.SetIndent("", "  ")
			return enc.Encode(report)
		},
	}
	f := c.Flags()
	f.StringSliceVar(&opts.Only, "only", nil, "measure only these")
	f.DurationVar(&opts.Duration, "duration", 5*time.Second, "of each measurement of a rate")
	f.StringVar(&profile, "cpuprofile", "", "write a CPU profile to this file")
	f.IntVar(&opts.Rows, "rows", 1_000_000, "executions in the long list")
	return c
}
