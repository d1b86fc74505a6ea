package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/exchange"
	"github.com/nightshift-run/nightshift/internal/expr/st2fn"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/pack/builtin"
)

// A batch is packs that are installed together.
type batch struct {
	*Installer
	request  Request
	order    []*fetched          // dependencies before those who need them
	seen     map[string]*fetched // by reference
	stages   []string            // folders to be removed at the end
	warnings []string            // of what was forced
}

// fetched is a pack that has been fetched, and is on its way.
type fetched struct {
	pack   *pack.Pack
	source exchange.Source
	got    exchange.Fetched
	dir    string // where it lies now
	id     string // of its version
	result Installed
}

// end removes what was fetched and is not needed.
func (b *batch) end() {
	for _, dir := range b.stages {
		if err := os.RemoveAll(dir); err != nil {
			b.opts.Logger.Warn("what was fetched was not removed", "path", dir, "err", err)
		}
	}
}

// add fetches a pack, and what it depends on. by is the pack that needs it, if one
// does.
func (b *batch) add(ctx context.Context, text, by string) error {
	source, err := exchange.Parse(text)
	if err != nil {
		return err
	}
	if by != "" {
		if known, err := b.known(source, by); known || err != nil {
			return err
		}
	}
	b.request.Say("fetching " + text)
	stage, dir, err := b.disk.stage()
	if err != nil {
		return err
	}
	b.stages = append(b.stages, stage)
	f := &fetched{source: source}
	if f.got, err = b.exchange.Fetch(ctx, source, dir); err != nil {
		return err
	}
	f.dir = f.got.Dir
	if f.pack, err = manifest(f.dir, text); err != nil {
		return err
	}
	if other := b.seen[f.pack.Ref]; other != nil {
		if other.pack.Version != f.pack.Version && !b.request.Force {
			return fault.Newf(fault.Conflict, "%s is the pack \"%s\" in version %s, and %s is it in version %s.", text, f.pack.Ref, f.pack.Version, other.source.Text, other.pack.Version)
		}
		return nil
	}
	if err := b.fits(f.pack); err != nil {
		return err
	}
	b.seen[f.pack.Ref] = f
	if !b.request.SkipDependencies {
		for _, need := range f.pack.Dependencies {
			if err := b.add(ctx, need, f.pack.Ref); err != nil {
				return fmt.Errorf("install what the pack %s depends on: %w", f.pack.Ref, err)
			}
		}
	}
	b.order = append(b.order, f)
	return nil
}

// known reports whether a dependency is there already, in the right version.
func (b *batch) known(s exchange.Source, by string) (bool, error) {
	ref := s.Name
	if ref == "" { // a repository mostly has the pack's name
		ref = strings.TrimSuffix(filepath.Base(s.URL+s.Path), ".git")
		ref = strings.TrimPrefix(ref, "stackstorm-")
	}
	var version string
	if f := b.seen[ref]; f != nil {
		version = f.pack.Version
	} else if p, ok := b.catalog.Get().Pack(ref); ok {
		version = p.Version
	} else {
		return false, nil
	}
	if want := strings.TrimPrefix(s.Ref, "v"); want != "" && isVersion(want) && want != version && !b.request.Force {
		return false, fault.Newf(fault.Conflict, "The pack \"%s\" needs \"%s\" in version %s, and version %s is installed.", by, ref, want, version)
	}
	return true, nil
}

// manifest reads what a pack says of itself.
func manifest(dir, text string) (*pack.Pack, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // it was only read
	content, found := pack.Read(root.FS(), ".", pack.Options{})
	if content.Pack != nil && content.Pack.Ref != "" {
		return content.Pack, nil
	}
	var lines []string
	for _, f := range found {
		if f.File == "pack.yaml" && f.Severity == pack.Error {
			lines = append(lines, f.String())
		}
	}
	return nil, fault.Newf(fault.Invalid, "%s can't be installed:\n%s", text, strings.Join(lines, "\n"))
}

// fits says why a pack can't be installed here.
func (b *batch) fits(p *pack.Pack) error {
	if slices.Contains(builtin.Names(), p.Ref) {
		return fault.Newf(fault.Invalid, "The pack \"%s\" is built in and can't be replaced.", p.Ref)
	}
	if old, ok := b.catalog.Get().Pack(p.Ref); ok && old.Path != "" && !b.disk.holds(old.Path) {
		return fault.Newf(fault.Conflict, "The pack \"%s\" is in %s already, where it was not installed to.", p.Ref, old.Path)
	}
	python := pythonProblem(p)
	if b.request.Force {
		if python != "" {
			b.warnings = append(b.warnings, python)
		}
		return nil
	}
	if want := p.StackStormVersion; want != "" && !includes(want, b.opts.Compatible) {
		return fault.Newf(fault.Invalid, "The pack \"%s\" is for StackStorm %s, and packs of StackStorm %s run here. Use force to install it nevertheless.",
			p.Ref, want, b.opts.Compatible)
	}
	if python != "" {
		return fault.Newf(fault.Invalid, "%s Use force to install it nevertheless.", python)
	}
	return nil
}

// pythonProblem says that a pack is for versions of Python that are gone, if it is.
func pythonProblem(p *pack.Pack) string {
	if len(p.PythonVersions) == 0 || slices.Contains(p.PythonVersions, "3") {
		return ""
	}
	return fmt.Sprintf("The pack \"%s\" is for Python %s, and there is only Python 3.", p.Ref, strings.Join(p.PythonVersions, " and "))
}

// includes reports whether a range of versions, as ">=1.6.0, <2.2.0", includes one. A
// range that can't be read includes none.
func includes(versions, version string) bool {
	if versions == "all" {
		return true
	}
	for part := range strings.SplitSeq(versions, ",") {
		if ok, err := st2fn.VersionMatch(version, strings.ReplaceAll(part, " ", "")); err != nil || !ok {
			return false
		}
	}
	return true
}

// place puts a pack into the folder of its version and makes what its code needs.
func (b *batch) place(ctx context.Context, f *fetched) error {
	ref := f.pack.Ref
	f.result = Installed{Ref: ref, Version: f.pack.Version, From: f.got.From, Commit: f.got.Commit}
	digest, err := digestOf(f.dir)
	if err != nil {
		return fmt.Errorf("look through the pack %s: %w", ref, err)
	}
	f.id = f.pack.Version + "-" + digest[:12]
	if old, err := b.disk.origin(ref); err == nil {
		f.result.Before, f.result.Same = old.Version, old.ID == f.id
	}
	o := origin{ID: f.id, Source: f.source.Text, From: f.got.From, Ref: f.source.Ref, Commit: f.got.Commit, Version: f.pack.Version, Digest: digest}
	if f.dir, err = b.disk.keep(ref, f.dir, o); err != nil {
		return fmt.Errorf("keep the pack %s: %w", ref, err)
	}
	if b.request.unregistered {
		return nil
	}
	preparing := "preparing " + ref + " " + f.pack.Version
	if _, err := os.Stat(filepath.Join(f.dir, "requirements.txt")); err == nil {
		preparing += ", with what its requirements.txt asks for" // which may take minutes
	}
	b.request.Say(preparing)
	if err := b.opts.Prepare(ctx, ref, f.dir); err != nil {
		return fmt.Errorf("prepare the pack %s: %w", ref, err)
	}
	return nil
}

// count makes the packs of a batch those that count, and registers them.
func (b *batch) count(ctx context.Context) (Report, error) {
	ctx = context.WithoutCancel(ctx) // half of it would be worse than late
	var refs []string
	var back []func() error
	undo := func(err error) error {
		for _, f := range slices.Backward(back) {
			err = errors.Join(err, f())
		}
		return err
	}
	report := Report{Packs: []Installed{}, Findings: append([]string{}, b.warnings...)}
	for _, f := range b.order {
		undoOne, err := b.disk.link(f.pack.Ref, f.id)
		if err != nil {
			return Report{}, undo(fmt.Errorf("switch the pack %s: %w", f.pack.Ref, err))
		}
		back = append(back, undoOne)
		refs = append(refs, f.pack.Ref)
		report.Packs = append(report.Packs, f.result)
	}
	if b.request.unregistered {
		return report, nil
	}
	b.request.Say("registering " + strings.Join(refs, ", "))
	_, findings, err := b.registrar.ReplacePacks(ctx, refs, b.request.Types)
	if err != nil {
		return Report{}, undo(fmt.Errorf("register %s: %w", strings.Join(refs, ", "), err))
	}
	report.Findings = append(report.Findings, findings...)
	b.tidy(ctx)
	return report, nil
}
