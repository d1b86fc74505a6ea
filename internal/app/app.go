// Package app puts a server together: it opens the ledger, registers content,
// and runs the services over them. It is the one package that knows all others.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/auditor"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/bus/membus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/conductor"
	"github.com/nightshift-run/nightshift/internal/config"
	"github.com/nightshift-run/nightshift/internal/dispatch"
	"github.com/nightshift-run/nightshift/internal/exchange"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/install"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/janitor"
	"github.com/nightshift-run/nightshift/internal/keyring"
	"github.com/nightshift-run/nightshift/internal/launch"
	"github.com/nightshift-run/nightshift/internal/notifier"
	"github.com/nightshift-run/nightshift/internal/prober"
	"github.com/nightshift-run/nightshift/internal/process"
	"github.com/nightshift-run/nightshift/internal/register"
	"github.com/nightshift-run/nightshift/internal/rollcall"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/announcement"
	"github.com/nightshift-run/nightshift/internal/runner/inquirer"
	"github.com/nightshift-run/nightshift/internal/runner/noop"
	"github.com/nightshift-run/nightshift/internal/runner/python"
	"github.com/nightshift-run/nightshift/internal/runner/python/venv"
	"github.com/nightshift-run/nightshift/internal/runner/shell"
	"github.com/nightshift-run/nightshift/internal/runner/ssh"
	"github.com/nightshift-run/nightshift/internal/runner/web"
	"github.com/nightshift-run/nightshift/internal/safe"
	"github.com/nightshift-run/nightshift/internal/scheduler"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
	"github.com/nightshift-run/nightshift/internal/timekeeper"
	"github.com/nightshift-run/nightshift/internal/webui"
	"github.com/nightshift-run/nightshift/internal/worker"
	"github.com/nightshift-run/nightshift/internal/workflow"
	"github.com/nightshift-run/nightshift/internal/workflow/chain"
	"github.com/nightshift-run/nightshift/internal/workflow/orquesta"
)

// Options are what a server is given beside its settings.
type Options struct {
	Version string
	Logger  *slog.Logger                          // default: discard
	Env     []string                              // the environment of local actions; default: a PATH only
	Proxy   func(*http.Request) (*url.URL, error) // for HTTP actions; default: none
	Runners map[string]runner.Runner              // more runners, or others for the built-in names
	Hangups <-chan os.Signal                      // at each the roles are read again
}

// App is a server. Its parts can be used without Run, but nothing happens by
// itself then.
type App struct {
	Store    *store.Store
	Catalog  *catalog.Holder
	Bus      bus.Bus
	Launcher *launch.Launcher
	Intake   *intake.Intake
	Dispatch *dispatch.Dispatch
	Registry *register.Registrar
	Handler  http.Handler

	cfg       config.Config
	opts      Options
	runners   map[string]runner.Runner
	languages map[string]workflow.Language
	params    *launch.Params
	keys      *keyring.Keyring
	safe      *safe.Safe
	signer    *access.Signer
	listener  net.Listener
	tls       encryption
	legacy    []net.Listener // on StackStorm's ports
	ready     atomic.Bool
	password  string // of the user admin, when this start made it

	templates *jinja.Env
	spawner   *process.Spawner
	web       *web.Runner
	ssh       *ssh.Remote
	python    *python.Runner
	exchange  *exchange.Exchange
	installer *install.Installer
	roles     *roles                      // nil: they are off
	looked    map[string]rollcall.Backend // back ends that can be asked about people again, by name
	forget    func()                      // has people recognised anew
	prober    *prober.Prober
	auditor   *auditor.Auditor // nil: the audit log is sent nowhere
	envs      *venv.Environments
}

// useRunners makes all that this server can run actions with, by the name of the
// runner type.
func (a *App) useRunners() error {
	a.spawner = process.New(process.Options{})
	kept := a.cfg.Worker.MaxOutput << 20
	sh := shell.New(a.spawner, shell.Options{SystemUser: a.cfg.Worker.User, Env: a.opts.Env, MaxOutput: kept, Logger: a.log("shell")})
	allowed, _, err := config.Networks(a.cfg.Outbound.Allow)
	if err != nil {
		return fmt.Errorf("outbound.allow: %w", err)
	}
	a.web = web.New(web.Options{
		Version: a.opts.Version, Proxy: a.opts.Proxy, MaxBody: kept, Guard: web.Guard{Level: a.cfg.Outbound.Guard, Allow: allowed},
	})
	if err := a.usePython(); err != nil {
		return err
	}
	a.runners = map[string]runner.Runner{
		runner.LocalShellCmd:    sh.Commands(),
		runner.LocalShellScript: sh.Scripts(),
		runner.HTTPRequest:      a.web,
		runner.PythonScript:     a.python,
		runner.Noop:             noop.New(),
		runner.Announcement:     announcement.New(),
		runner.Native:           a.natives(),
		runner.Inquirer:         inquirer.New(),
	}
	maps.Copy(a.runners, a.remoteRunners())
	maps.Copy(a.runners, a.opts.Runners)
	a.languages = map[string]workflow.Language{
		runner.ActionChain: chain.New(),
		runner.Orquesta:    orquesta.New(),
	}
	return nil
}

// instant are the runners that need no worker: noop, unless it is another one here.
func (a *App) instant() map[string]runner.Runner {
	if a.opts.Runners[runner.Noop] != nil {
		return nil
	}
	return map[string]runner.Runner{runner.Noop: a.runners[runner.Noop]}
}

// Open opens the ledger in the data folder, which it makes when it is missing,
// registers the packs, and listens. Nothing is served before Run.
func Open(ctx context.Context, cfg config.Config, opts Options) (_ *App, err error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if err := absolute(&cfg); err != nil {
		return nil, err
	}
	a := &App{
		cfg: cfg, opts: opts, Bus: new(membus.Bus), Catalog: new(catalog.Holder),
	}
	a.templates = jinja.New(jinja.Options{Filters: map[string]jinja.Filter{"decrypt_kv": a.decryptKV, "secret": a.readSecret}})
	if err := a.useSafe(); err != nil { // which takes its variables out of the environment of actions
		return nil, err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if err := a.useRunners(); err != nil {
		return nil, err
	}
	driver, err := sqlite.Open(ctx, cfg.Data, sqlite.Options{Logger: a.log("store")})
	if err != nil {
		return nil, err
	}
	a.Store = store.New(driver)
	if err := a.useKeys(ctx); err != nil {
		return nil, err
	}
	if err := a.register(ctx); err != nil {
		return nil, err
	}
	if err := a.usePacks(ctx); err != nil {
		return nil, err
	}
	if a.password, err = a.firstUser(ctx); err != nil {
		return nil, err
	}
	if err := a.listen(ctx); err != nil {
		return nil, err
	}
	if err := a.useTLS(ctx); err != nil {
		return nil, err
	}
	if cfg.ST2Ports {
		if err := a.listenLikeST2(ctx); err != nil {
			return nil, err
		}
	}
	a.params = launch.NewParams(a.Store, a.Catalog)
	a.params.Decrypt, a.params.Elsewhere = a.keys.Decrypt, a.safe.Secret
	a.Launcher = launch.New(a.Store, a.Catalog, a.Bus, a.params)
	a.Intake = intake.New(a.Store, a.Catalog, a.Launcher, a.params, a.templates, intake.Options{Logger: a.log("intake")})
	a.Dispatch = dispatch.New(a.Store, a.Catalog, a.Bus, a.params, a.Intake, dispatch.Options{
		APIURL: a.URL(), Signer: a.signer, TokenTTL: time.Duration(cfg.Auth.ServiceTokenTTL), Logger: a.log("dispatch"),
	})
	a.prober = a.newProber()
	if to := cfg.Audit.Syslog; to != "" {
		if a.auditor, err = auditor.New(a.Store, to, auditor.Options{CA: cfg.Audit.CA, Logger: a.log("auditor")}); err != nil {
			return nil, err
		}
	}
	if err := a.useRoles(ctx); err != nil {
		return nil, err
	}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	doors, err := a.doors()
	if err != nil {
		return nil, err
	}
	passwords, err := a.passwords()
	if err != nil {
		return nil, err
	}
	sso, err := a.sso()
	if err != nil {
		return nil, err
	}
	handler := api.New(api.Deps{
		Store: a.Store, Catalog: a.Catalog, Bus: a.Bus, Launcher: a.Launcher, Intake: a.Intake, Inquiries: a.Dispatch, Roles: a.apiRoles(), Registrar: a.Registry, Exchange: a.exchange,
		Signer: a.signer, Secrets: a.keys, Metrics: metrics, Version: opts.Version, Ready: a.ready.Load, Logger: a.log("api"), SensorLog: a.sensorLog, Probes: a.prober.Reports,
		Passwords: passwords, SSO: sso,
	}, doors)
	a.params.MayLookUp, a.forget = handler.MayLookUp, handler.Forget
	if a.Handler, err = webui.New(handler); err != nil {
		return nil, err
	}
	return a, a.bury(ctx)
}

// absolute makes folders that are given relative to the working directory
// absolute: actions and sensors work elsewhere.
func absolute(cfg *config.Config) (err error) {
	if cfg.Data, err = filepath.Abs(cfg.Data); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if cfg.RBAC.Folder, err = filepath.Abs(cmp.Or(cfg.RBAC.Folder, filepath.Join(cfg.Data, "rbac"))); err != nil {
		return fmt.Errorf("folder of roles: %w", err)
	}
	cfg.Packs = slices.Clone(cfg.Packs)
	for i := range cfg.Packs {
		if cfg.Packs[i], err = filepath.Abs(cfg.Packs[i]); err != nil {
			return fmt.Errorf("folder of packs: %w", err)
		}
	}
	return nil
}

func (a *App) log(component string) *slog.Logger { return a.opts.Logger.With("component", component) }

// AdminPassword is the password of the user admin when this start made that
// user, and empty when there were users already.
func (a *App) AdminPassword() string { return a.password }

// bury gives up the workers of earlier lives. Nobody else has the data folder
// open, so they are dead, and what they left running in the operating system
// is ended before anybody repeats it.
func (a *App) bury(ctx context.Context) error {
	if err := a.burySensors(ctx); err != nil {
		return err
	}
	left := map[string]bool{}
	err := a.Store.Write(ctx, func(tx *store.Tx) error {
		ids, err := tx.EndWorkers(ctx)
		for _, id := range ids {
			left[id] = true
		}
		return err
	})
	if err != nil || len(left) == 0 {
		return err
	}
	a.log("worker").Warn("an earlier server died while actions ran", "executions", len(left))
	if n := process.KillMarked(func(mark string) bool { return left[mark] }, time.Second); n > 0 {
		a.log("worker").Error("what an earlier server left running can't be ended", "processes", n)
	}
	return nil
}

// Run serves until ctx is done, lets what runs come to an end, and returns nil.
func (a *App) Run(ctx context.Context) error {
	w := worker.New(a.Dispatch, a.Bus, a.runners, worker.Options{
		Slots: a.cfg.Worker.Slots, Grace: a.cfg.Worker.Grace.Or(10 * time.Second), Logger: a.log("worker"),
	})
	location, err := time.LoadLocation(a.cfg.Timezone)
	if err != nil {
		return err
	}
	services := []interface{ Run(context.Context) error }{
		w,
		scheduler.New(a.Store, a.Catalog, a.Bus, a.Dispatch, scheduler.Options{Logger: a.log("scheduler")}),
		conductor.New(conductor.Deps{
			Store: a.Store, Catalog: a.Catalog, Bus: a.Bus, Launcher: a.Launcher, Params: a.params, Dispatch: a.Dispatch,
			Languages: a.languages,
		}, conductor.Options{
			APIURL: a.URL(), Instant: a.instant(), Logger: a.log("conductor"),
		}),
		notifier.New(a.Store, a.Intake, a.params, a.Bus, notifier.Options{Logger: a.log("notifier")}),
		a.sensorHost(),
		a.prober,
		a.safe,
		timekeeper.New(a.Catalog, a.Intake, a.Bus, timekeeper.Options{Location: location, Logger: a.log("timekeeper")}),
		janitor.New(a.Store, janitor.Options{
			Executions: time.Duration(a.cfg.Retention.Executions), Events: time.Duration(a.cfg.Retention.Events),
			Output: time.Duration(a.cfg.Retention.Output), Audit: time.Duration(a.cfg.Retention.Audit), MaxBytes: int64(a.cfg.Retention.MaxSize) << 20, Logger: a.log("janitor"),
		}),
	}
	if every := time.Duration(a.cfg.Auth.Refresh); every >= 0 {
		services = append(services, rollcall.New(a.Store, a.looked, rollcall.Options{
			Every: every, Changed: a.forget, User: intake.SystemUser, Logger: a.log("rollcall"),
		}))
	}
	if a.auditor != nil {
		services = append(services, a.auditor)
	}
	group, ctx := errgroup.WithContext(ctx)
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	for _, s := range services {
		group.Go(func() error { return s.Run(ctx) })
	}
	group.Go(func() error { a.preparePython(ctx); return nil })
	group.Go(func() error { return a.reloadRoles(ctx) })
	group.Go(func() error { return a.runRedirect(ctx) })
	a.answer(ctx, requests, group, a.listener, a.Handler)
	for _, l := range a.legacy {
		a.answer(ctx, requests, group, l, likeST2(l, a.Handler))
	}
	group.Go(func() error {
		<-ctx.Done()
		a.ready.Store(false)
		time.AfterFunc(time.Second, cut)
		return nil
	})
	a.ready.Store(true)
	return group.Wait()
}

// answer answers requests on l, which live in a context of their own, until ctx is done. Then
// requests under way have a moment; streams never end by themselves.
func (a *App) answer(ctx, requests context.Context, group *errgroup.Group, l net.Listener, h http.Handler) {
	server := &http.Server{
		Handler:           strict(h),
		BaseContext:       func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: 10 * time.Second,
		WriteTimeout:      5 * time.Minute, // streams set their own
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(a.log("http").Handler(), slog.LevelDebug),
	}
	group.Go(func() error { return a.serve(server, l) })
	group.Go(func() error {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if err := server.Shutdown(end); err != nil {
			return server.Close()
		}
		return nil
	})
}

// Close ends a server that does not run, or runs no more.
func (a *App) Close() error {
	var errs []error
	for _, l := range append([]net.Listener{a.listener}, a.legacy...) {
		if l == nil {
			continue
		}
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if a.tls.redirect != nil {
		if err := a.tls.redirect.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if a.Store != nil {
		errs = append(errs, a.Store.Close())
	}
	if a.python != nil {
		a.python.Close()
		a.envs.Close()
	}
	a.web.Close()
	if a.exchange != nil {
		a.exchange.Close()
	}
	a.ssh.Close()
	a.spawner.Close()
	return errors.Join(errs...)
}
