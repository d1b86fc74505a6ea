package register

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/pack/builtin"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Report is what came of registering packs.
type Report struct {
	Counts   map[string]int // things that are registered of the packs, by the plural of their kind
	Findings []pack.Finding // in the order of packs; files with their folders
	Written  int            // things that were new or had changed
}

// folder is a pack's folder.
type folder struct {
	name string
	path string // on disk; of a built-in pack, where it was written to, or empty
	fsys fs.FS
	dir  string // in fsys
	own  bool   // it is built in
	// versioned says that it was installed: its folder is that of a version, which never changes.
	versioned bool
	root      *os.Root

	digest  string
	same    bool // nothing changed since it was registered without a finding
	content *pack.Content
	found   pack.Findings
}

// Packs reads the built-in packs and those in the folders, and registers what has
// changed in one transaction. A mistake in a pack is in the report, and keeps
// nothing else from being registered. What was registered before and cannot be
// read now stays as it was; so does what is gone from a pack, until the pack is
// unloaded.
func (r *Registrar) Packs(ctx context.Context) (Report, error) {
	return r.packs(ctx, nil, nil, false)
}

// RegisterPacks does the same for the packs named, or all if none is, and for the
// kinds of content named, or all if none is. Findings are lines of text.
func (r *Registrar) RegisterPacks(ctx context.Context, packs, types []string) (counts map[string]int, findings []string, err error) {
	return r.registerPacks(ctx, packs, types, false)
}

// ReplacePacks does the same for packs of which another version was installed: what
// that does not bring any more is dropped.
func (r *Registrar) ReplacePacks(ctx context.Context, packs, types []string) (counts map[string]int, findings []string, err error) {
	return r.registerPacks(ctx, packs, types, true)
}

func (r *Registrar) registerPacks(ctx context.Context, packs, types []string, replace bool) (counts map[string]int, findings []string, err error) {
	report, err := r.packs(ctx, packs, types, replace)
	for _, f := range report.Findings {
		findings = append(findings, f.String())
	}
	return report.Counts, findings, err
}

func (r *Registrar) packs(ctx context.Context, names, types []string, replace bool) (Report, error) {
	kinds, err := kindsOf(types)
	if err != nil {
		return Report{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ready(ctx); err != nil {
		return Report{}, err
	}
	folders, found, err := r.folders()
	if err != nil {
		return Report{}, err
	}
	if folders, err = chosen(folders, names); err != nil {
		return Report{}, err
	}
	if len(names) > 0 { // what is wrong with other folders is told when all are read
		found = slices.DeleteFunc(found, func(f pack.Finding) bool { return !slices.Contains(names, filepath.Base(f.File)) })
	}
	defer func() {
		for _, f := range folders {
			if f.root != nil {
				_ = f.root.Close() // it was only read
			}
		}
	}()
	rows := r.rows()
	for _, f := range folders {
		if err := ctx.Err(); err != nil {
			return Report{}, err
		}
		found = append(found, r.read(f, rows)...)
	}
	c := r.change()
	c.replace = replace
	for _, t := range r.opts.Runners {
		if _, ok := r.have[key{store.Runners, t.Name}]; !ok {
			c.put(store.Runners, t.Name, "", "", keptRunner{true})
		}
	}
	found = append(found, r.register(c, folders, kinds)...)
	if len(names) == 0 {
		found = append(found, r.lost(folders)...)
	}
	report := Report{Findings: found, Written: len(c.puts)}
	if err := r.apply(ctx, c); err != nil {
		return Report{}, err
	}
	if !r.inForce { // there was nothing to write, but nobody has seen the ledger yet
		if err := r.announce(ctx); err != nil {
			return Report{}, err
		}
	}
	report.Counts = r.counts(folders, kinds)
	return report, nil
}

// folders finds the packs, by name.
func (r *Registrar) folders() ([]*folder, []pack.Finding, error) {
	all := map[string]*folder{}
	if r.opts.Builtin != "" {
		if err := builtin.Extract(r.opts.Builtin); err != nil {
			return nil, nil, fmt.Errorf("write the built-in packs: %w", err)
		}
	}
	for _, name := range builtin.Names() {
		f := &folder{name: name, fsys: builtin.FS(), dir: name, own: true}
		if r.opts.Builtin != "" {
			f.path = filepath.Join(r.opts.Builtin, name)
		}
		all[name] = f
	}
	var found []pack.Finding
	for _, base := range r.opts.Folders {
		entries, err := os.ReadDir(base)
		if err != nil {
			found = append(found, pack.Finding{File: base, Severity: pack.Error, Msg: fmt.Sprintf("the folder of packs cannot be read: %v", cause(err))})
			continue
		}
		for _, e := range entries {
			path := filepath.Join(base, e.Name())
			info, err := os.Stat(path)
			if strings.HasPrefix(e.Name(), ".") || err != nil || !info.IsDir() {
				continue
			}
			if old := all[e.Name()]; old != nil && old.own {
				found = append(found, pack.Finding{File: path, Severity: pack.Error, Msg: fmt.Sprintf("the pack %s is built in and can't be replaced", e.Name())})
				continue
			}
			f := &folder{name: e.Name(), path: settled(base, path), dir: "."}
			f.versioned = f.path != path
			all[e.Name()] = f
		}
	}
	out := make([]*folder, 0, len(all))
	for _, f := range all {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b *folder) int { return strings.Compare(a.name, b.name) })
	return out, found, nil
}

// settled returns the folder that a link within the folder of packs leads to, which
// is how versions of installed packs are chosen: what runs keeps the version that it
// began with, even if the link is changed. Other links are taken as they are.
func settled(base, path string) string {
	to, err := os.Readlink(path)
	if err != nil || !filepath.IsLocal(to) {
		return path
	}
	return filepath.Join(base, to)
}

func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// chosen returns the folders that are named, or all if none is.
func chosen(folders []*folder, names []string) ([]*folder, error) {
	if len(names) == 0 {
		return folders, nil
	}
	var out []*folder
	for _, name := range names {
		i := slices.IndexFunc(folders, func(f *folder) bool { return f.name == name })
		if i < 0 {
			return nil, fault.Newf(fault.Invalid, "Pack \"%s\" not found on disk.", name)
		}
		out = append(out, folders[i])
	}
	return out, nil
}

// read reads one pack, unless it is as it was.
func (r *Registrar) read(f *folder, rows map[string][]string) []pack.Finding {
	if !f.own {
		root, err := os.OpenRoot(f.path)
		if err != nil {
			return []pack.Finding{{File: f.path, Severity: pack.Error, Msg: fmt.Sprintf("the pack cannot be read: %v", cause(err))}}
		}
		f.root, f.fsys = root, root.FS()
		if !f.versioned {
			err = finishSave(root)
		}
		if err != nil {
			return []pack.Finding{{File: f.path, Severity: pack.Error, Msg: fmt.Sprintf("a save that was interrupted cannot be finished: %v", cause(err))}}
		}
	}
	f.digest = r.digest(f)
	if r.unchanged(f, rows) {
		f.same = true
		return nil
	}
	o := pack.Options{Runner: r.runner, Parse: r.opts.Parse, PolicyTypes: r.opts.PolicyTypes, Path: f.path}
	f.content, f.found = pack.Read(f.fsys, f.dir, o)
	for _, t := range builtin.Types() {
		if f.own && t.Pack == f.name {
			f.content.TriggerTypes = append(f.content.TriggerTypes, t)
		}
	}
	return f.placed(f.found)
}

// placed returns findings with the files as they are called outside of the pack.
func (f *folder) placed(found pack.Findings) []pack.Finding {
	out := slices.Clone(found)
	for i := range out {
		base := f.path
		if base == "" {
			base = f.name
		}
		out[i].File = filepath.Join(base, filepath.FromSlash(out[i].File))
	}
	return out
}

// unchanged reports whether a pack was registered just as it is now. One with
// findings never was: they are to be told each time. Neither is one of which a
// client has changed something since.
func (r *Registrar) unchanged(f *folder, rows map[string][]string) bool {
	if f.digest == "" {
		return false
	}
	for _, p := range r.src.Packs {
		if p.Path == f.path && (p.Path != "" || p.Ref == f.name) {
			return r.have[key{store.Packs, p.Ref}].digest == f.digest+sumRows(rows[p.Ref])
		}
	}
	return false
}

// rows returns what is registered of each pack, and as what.
func (r *Registrar) rows() map[string][]string {
	rows := map[string][]string{}
	for k, h := range r.have {
		if k.kind != store.Packs && k.kind != store.Triggers {
			rows[h.pack] = append(rows[h.pack], row(k, h.digest))
		}
	}
	return rows
}

func row(k key, digest string) string { return string(k.kind) + " " + k.ref + " " + digest }

func sumRows(rows []string) string {
	slices.Sort(rows)
	return "+" + sum([]byte(strings.Join(rows, "\n")))[:16]
}

// digestOf is the digest under which a pack is registered.
func (c *change) digestOf(f *folder) string {
	ref := f.content.Pack.Ref
	var rows []string
	for k, h := range c.r.have {
		if _, changes := c.index[k]; h.pack == ref && k.kind != store.Packs && k.kind != store.Triggers && !changes && !slices.Contains(c.deletes, k) {
			rows = append(rows, row(k, h.digest))
		}
	}
	for k, i := range c.index {
		if c.puts[i].Pack == ref && k.kind != store.Packs && k.kind != store.Triggers {
			rows = append(rows, row(k, c.puts[i].Digest))
		}
	}
	return f.digest + sumRows(rows)
}

// register adds to the change what the packs bring.
func (r *Registrar) register(c *change, folders []*folder, kinds map[store.Kind]bool) []pack.Finding {
	var contents []*pack.Content
	for _, f := range folders {
		if f.content != nil {
			contents = append(contents, f.content)
		}
	}
	find, actions := r.types(contents...), r.actions(contents...)
	before := len(c.puts)
	var found []pack.Finding
	owner := map[string]*folder{}
	for _, f := range folders {
		if f.content == nil || f.content.Pack == nil {
			continue
		}
		ref := f.content.Pack.Ref
		if other := owner[ref]; other != nil || !f.own && slices.Contains(builtin.Names(), ref) {
			msg := fmt.Sprintf("the pack %s is built in and can't be replaced", ref)
			if other != nil && !other.own {
				msg = fmt.Sprintf("the pack %s is in %s already", ref, other.path)
			}
			found = append(found, f.placed(pack.Findings{{File: "pack.yaml", Severity: pack.Error, Msg: msg}})...)
			f.content = nil
			continue
		}
		owner[ref] = f
		var late pack.Findings
		if kinds[store.Rules] {
			late = f.content.CheckTriggers(find)
		}
		if kinds[store.Actions] {
			late = append(late, f.content.CheckWorkflows(actions)...)
		}
		late = append(late, c.gone(f, kinds)...)
		config := r.configure(c, f, kinds)
		found = append(append(found, f.placed(late)...), config...)
		r.bring(c, f.content, kinds, find)
		digest := "" // so that it is read again next time
		if f.digest != "" && len(f.found)+len(late)+len(config) == 0 && len(kinds) == len(allKinds()) {
			digest = c.digestOf(f)
		}
		c.put(store.Packs, ref, ref, digest, f.content.Pack)
	}
	if (len(c.puts) > before || len(c.goneRules) > 0) && kinds[store.Rules] {
		c.release(c.goneRules, rulesOf(folders))
	}
	return found
}

// configure registers the configuration of a pack and its schema.
func (r *Registrar) configure(c *change, f *folder, kinds map[store.Kind]bool) []pack.Finding {
	ref := f.content.Pack.Ref
	if !kinds[store.Configs] {
		return nil
	}
	attributes := f.content.ConfigSchema
	if attributes != nil {
		c.put(store.ConfigSchemas, ref, ref, "", attributes)
	} else if _, ok := r.have[key{store.ConfigSchemas, ref}]; ok && !f.found.Failed() {
		c.drop(store.ConfigSchemas, ref)
	}
	if r.opts.Configs == "" {
		return nil
	}
	root, err := os.OpenRoot(r.opts.Configs)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return []pack.Finding{{File: r.opts.Configs, Severity: pack.Error, Msg: fmt.Sprintf("the configurations cannot be read: %v", cause(err))}}
	}
	defer root.Close() //nolint:errcheck // it was only read
	config, found := pack.ReadConfig(root.FS(), ref, attributes, classes(f.content.Sensors, ref))
	if config != nil {
		c.put(store.Configs, ref, ref, "", config)
	} else if _, ok := r.have[key{store.Configs, ref}]; ok && len(found) == 0 {
		c.drop(store.Configs, ref)
	}
	for i := range found {
		found[i].File = filepath.Join(r.opts.Configs, found[i].File)
	}
	return found
}

// UnloadPack removes a pack and all that it brought.
func (r *Registrar) UnloadPack(ctx context.Context, ref string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ready(ctx); err != nil {
		return err
	}
	if _, ok := r.have[key{store.Packs, ref}]; !ok {
		return fault.Newf(fault.NotFound, "Resource with a ref or id \"%s\" not found", ref)
	}
	if slices.Contains(builtin.Names(), ref) {
		return fault.Newf(fault.Invalid, "Resources belonging to system level packs can't be manipulated")
	}
	c := r.change()
	gone := map[string]bool{}
	for k, h := range r.have {
		if h.pack != ref || k.kind == store.Triggers && k.ref != "" && !r.isShadow(k.ref) {
			continue
		}
		c.drop(k.kind, k.ref)
		if k.kind == store.Rules {
			gone[k.ref] = true
		}
	}
	c.release(gone, nil)
	return r.apply(ctx, c)
}

func (r *Registrar) isShadow(ref string) bool {
	_, ok := r.have[key{store.TriggerTypes, ref}]
	return ok
}
