// Package install installs, updates and removes packs.
//
// All versions of installed packs lie side by side in folders of their own, and a
// link says which one counts. A pack is fetched, read, checked and given what its
// code needs before that link is changed, so a failure leaves everything as it was,
// and an execution that runs keeps the version that it began with. Versions that
// neither count nor are in use are removed later.
//
// Nothing of a pack is run: its files are read as data. One deed is done at a time.
package install

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/exchange"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Registrar is what the installer needs of registration.
type Registrar interface {
	// ReplacePacks reads the folders of packs again, of which other versions count now.
	ReplacePacks(ctx context.Context, packs, types []string) (counts map[string]int, findings []string, err error)
	// UnloadPack removes a pack and all that it brought.
	UnloadPack(ctx context.Context, ref string) error
}

// Options are the settings of an [Installer].
type Options struct {
	// Compatible is the version of StackStorm whose packs run here. Default: 3.9.0.
	Compatible string
	// Prepare makes what the code of a pack in a folder needs before the pack counts.
	// Default: nothing is made.
	Prepare func(ctx context.Context, ref, dir string) error
	// Logger hears of what goes wrong aside. Default: nobody does.
	Logger *slog.Logger
}

// Installer installs packs. It is safe for concurrent use.
type Installer struct {
	disk      disk
	exchange  *exchange.Exchange
	registrar Registrar
	catalog   *catalog.Holder
	store     *store.Store
	opts      Options
	turn      chan struct{} // holds one token: whoever has it does something
}

// New returns an installer of packs in a folder, which is made when it is needed.
func New(dir string, x *exchange.Exchange, r Registrar, c *catalog.Holder, s *store.Store, opts Options) *Installer {
	if opts.Compatible == "" {
		opts.Compatible = "3.9.0"
	}
	if opts.Prepare == nil {
		opts.Prepare = func(context.Context, string, string) error { return nil }
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	i := &Installer{disk: disk{dir}, exchange: x, registrar: r, catalog: c, store: s, opts: opts, turn: make(chan struct{}, 1)}
	i.turn <- struct{}{}
	return i
}

// begin waits for its turn. done ends it.
func (i *Installer) begin(ctx context.Context) (done func(), err error) {
	select {
	case <-i.turn:
		return func() { i.turn <- struct{}{} }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Request says how packs are to be installed.
type Request struct {
	Force            bool // even if a pack says that it does not run here, or its dependencies are at odds
	SkipDependencies bool
	Types            []string          // kinds of content to register; none is all
	Say              func(text string) // hears what is done; may be nil

	unregistered bool // stop before anything is prepared and registered
}

// Installed is a pack that was installed.
type Installed struct {
	Ref     string `json:"ref"`
	Version string `json:"version"`
	From    string `json:"from"`
	Commit  string `json:"commit,omitempty"`
	Before  string `json:"before,omitempty"` // the version that counted before; empty: there was none
	Same    bool   `json:"same"`             // just this was installed already
}

// Report is what came of installing.
type Report struct {
	Packs    []Installed `json:"packs"`
	Findings []string    `json:"findings"` // mistakes in their files, which keep nothing else from working
}

// Install installs packs from their sources, and the packs that they depend on. It
// does all of it or, if one can't be installed, nothing.
func (i *Installer) Install(ctx context.Context, sources []string, q Request) (Report, error) {
	done, err := i.begin(ctx)
	if err != nil {
		return Report{}, err
	}
	defer done()
	return i.install(ctx, sources, q)
}

// Download fetches packs and makes theirs the versions on the disk that count,
// without what they depend on. Nothing is registered: what was registered of them
// before stays in force, with its files, until the packs are read again.
func (i *Installer) Download(ctx context.Context, sources []string, q Request) (Report, error) {
	q.SkipDependencies, q.unregistered = true, true
	return i.Install(ctx, sources, q)
}

// Update installs packs anew from where they came from. One that was installed at a
// version gets the newest.
func (i *Installer) Update(ctx context.Context, refs []string, q Request) (Report, error) {
	done, err := i.begin(ctx)
	if err != nil {
		return Report{}, err
	}
	defer done()
	sources := make([]string, len(refs))
	for n, ref := range refs {
		o, err := i.disk.origin(ref)
		if err != nil {
			return Report{}, fault.Newf(fault.NotFound, "The pack \"%s\" was not installed here, so nobody knows where to get it from.", ref)
		}
		sources[n] = o.newest()
	}
	return i.install(ctx, sources, q)
}

func (i *Installer) install(ctx context.Context, sources []string, q Request) (Report, error) {
	if q.Say == nil {
		q.Say = func(string) {}
	}
	b := &batch{Installer: i, request: q, seen: map[string]*fetched{}}
	defer b.end()
	for _, text := range sources {
		if err := b.add(ctx, text, ""); err != nil {
			return Report{}, err
		}
	}
	for _, f := range b.order {
		if err := b.place(ctx, f); err != nil {
			return Report{}, err
		}
	}
	return b.count(ctx)
}

// Tidy removes what is left of installations that broke off, and versions that nobody
// needs any more.
func (i *Installer) Tidy(ctx context.Context) error {
	done, err := i.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	if err := os.RemoveAll(filepath.Join(i.disk.dir, staging)); err != nil {
		return fmt.Errorf("remove what an installation left: %w", err)
	}
	i.tidy(ctx)
	return nil
}

// tidy removes versions that nobody needs. What can't be removed is tried again the
// next time.
func (i *Installer) tidy(ctx context.Context) {
	err := i.disk.tidy(func(v version) (bool, error) {
		if p, ok := i.catalog.Get().Pack(v.ref); ok && filepath.Base(filepath.Dir(p.Path)) == v.name {
			return true, nil // it is registered: another one was downloaded only
		}
		running, err := i.unfinished(ctx, v.ref, v.until, 1)
		return len(running) > 0, err
	})
	if err != nil {
		i.opts.Logger.WarnContext(ctx, "old versions of packs were not removed", "err", err)
	}
}
