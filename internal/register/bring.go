package register

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/pack/builtin"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// edition is that of what is made of packs. A change in what is read of them, or
// how, counts it up, so that packs that did not change are read again.
const edition = "2"

// allKinds are the kinds of content that packs bring, by the names that clients
// use.
func allKinds() map[string]store.Kind {
	return map[string]store.Kind{
		"trigger": store.TriggerTypes, "sensor": store.Sensors, "action": store.Actions, "rule": store.Rules,
		"alias": store.Aliases, "policy": store.Policies, "config": store.Configs,
	}
}

// plural is how counts call a kind.
func plural(name string) string {
	switch {
	case name == "alias":
		return "aliases"
	case strings.HasSuffix(name, "y"):
		return strings.TrimSuffix(name, "y") + "ies"
	}
	return name + "s"
}

// kindsOf returns the kinds that a client names, or all if it names none. Rules
// need the types of events that they listen to, and those may come from sensors.
func kindsOf(names []string) (map[store.Kind]bool, error) {
	out := map[store.Kind]bool{}
	for _, name := range names {
		if name == "all" {
			names = nil
			break
		}
		known := name == "runner" || name == "runners" // they come with the server
		for singular, kind := range allKinds() {
			if name == singular || name == plural(singular) {
				known, out[kind] = true, true
			}
		}
		if !known {
			return nil, fault.Newf(fault.Invalid, "There is no kind of content \"%s\" to register.", name)
		}
	}
	for _, kind := range allKinds() {
		if len(names) == 0 {
			out[kind] = true
		}
	}
	if out[store.Rules] || out[store.Sensors] {
		out[store.TriggerTypes] = true
	}
	return out, nil
}

// digest returns a sum over all that a pack is read from: its files' names, and
// what is in those that are read. It is empty if one of them can't be.
func (r *Registrar) digest(f *folder) string {
	h := sha256.New()
	_, _ = io.WriteString(h, edition+"\n"+f.path+"\n")
	for i := range r.opts.Runners {
		_, _ = io.WriteString(h, r.opts.Runners[i].Name+"\n")
	}
	if f.own {
		for _, t := range builtin.Types() {
			text, err := json.Marshal(t)
			if err != nil {
				return ""
			}
			_, _ = h.Write(text)
		}
	}
	buffer := make([]byte, 64<<10)
	err := fs.WalkDir(f.fsys, f.dir, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == ".git" || e.Name() == "__pycache__"):
			return fs.SkipDir
		case e.IsDir():
			return nil
		}
		_, _ = io.WriteString(h, name+"\n")
		if !isMetadata(strings.TrimPrefix(strings.TrimPrefix(name, f.dir), "/")) {
			return nil
		}
		file, err := f.fsys.Open(name)
		if err != nil {
			return err
		}
		n, err := io.CopyBuffer(h, struct{ io.Reader }{file}, buffer) // a file would bring a buffer of its own each time
		_, _ = fmt.Fprintf(h, "\n%d\n", n)
		_ = file.Close() // it was only read
		return err
	})
	if r.opts.Configs != "" && err == nil {
		err = hashConfig(h, filepath.Join(r.opts.Configs, f.name+".yaml"))
	}
	if err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// hashConfig adds the configuration of a pack, if it has one.
func hashConfig(h io.Writer, file string) error {
	data, err := os.ReadFile(file) //nolint:gosec // it is in the folder of configurations
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	_, _ = h.Write(data)
	return err
}

// isMetadata reports whether a file of a pack is read at registration.
func isMetadata(file string) bool {
	dir, name := path.Split(file)
	switch ext := path.Ext(name); {
	case dir == "":
		return file == "pack.yaml" || file == "config.schema.yaml"
	case strings.HasPrefix(dir, "actions/") && (ext == ".yaml" || ext == ".yml" || ext == ".json"):
		return true // workflows are in folders below, or wherever an entry point says
	case ext != ".yaml" && ext != ".yml":
		return false
	}
	return slices.Contains([]string{"rules/", "triggers/", "sensors/", "aliases/", "policies/"}, dir)
}

// bring adds to a change what a pack brings.
func (r *Registrar) bring(c *change, content *pack.Content, kinds map[store.Kind]bool, find func(ref string) (*trigger.Type, bool)) {
	if kinds[store.TriggerTypes] {
		for _, t := range content.TriggerTypes {
			c.putType(t)
		}
	}
	if kinds[store.Sensors] {
		for _, s := range content.Sensors {
			c.put(store.Sensors, s.Ref, s.Pack, "", s)
		}
	}
	if kinds[store.Actions] {
		for _, a := range content.Actions {
			c.put(store.Actions, a.Ref, a.Pack, "", a)
		}
	}
	if kinds[store.Rules] {
		for _, ru := range content.Rules {
			c.listen(ru, find)
			c.put(store.Rules, ru.Ref, ru.Pack, "", ru)
		}
	}
	if kinds[store.Aliases] {
		for _, a := range content.Aliases {
			c.put(store.Aliases, a.Ref, a.Pack, "", a)
		}
	}
	if kinds[store.Policies] {
		for _, p := range content.Policies {
			c.put(store.Policies, p.Ref, p.Pack, "", p)
		}
	}
}

func rulesOf(folders []*folder) []*rule.Rule {
	var out []*rule.Rule
	for _, f := range folders {
		if f.content != nil && f.content.Pack != nil {
			out = append(out, f.content.Rules...)
		}
	}
	return out
}

// gone finds what is registered of a pack and has no file any more, and drops it if
// the pack is replaced.
func (c *change) gone(f *folder, kinds map[store.Kind]bool) pack.Findings {
	ref := f.content.Pack.Ref
	brought := f.content.Refs()
	broken := map[string]bool{}
	for _, found := range f.found {
		broken[found.File] = broken[found.File] || found.Severity == pack.Error
	}
	var found pack.Findings
	look := func(kind store.Kind, name, owner, file, thing string) {
		if owner != ref || file == "" || !kinds[kind] || !fs.ValidPath(path.Join(f.dir, file)) {
			return
		}
		_, err := fs.Stat(f.fsys, path.Join(f.dir, file))
		switch {
		case c.replace && !brought[name+" "+thing] && !broken[file]:
			c.drop(kind, thing)
			if kind == store.Rules {
				if c.goneRules == nil {
					c.goneRules = map[string]bool{}
				}
				c.goneRules[thing] = true
			}
		case err != nil && !brought[name+" "+thing]:
			found = append(found, pack.Finding{
				File: file, Severity: pack.Warning, Hint: "unload the pack to be rid of it",
				Msg: fmt.Sprintf("the file is gone, but the %s %s stays registered", name, thing),
			})
		}
	}
	src := &c.r.src
	for _, a := range src.Actions {
		look(store.Actions, "action", a.Pack, a.MetadataFile, a.Ref)
	}
	for _, ru := range src.Rules {
		look(store.Rules, "rule", ru.Pack, ru.MetadataFile, ru.Ref)
	}
	for _, s := range src.Sensors {
		look(store.Sensors, "sensor", s.Pack, s.MetadataFile, s.Ref)
	}
	for _, a := range src.Aliases {
		look(store.Aliases, "alias", a.Pack, a.MetadataFile, a.Ref)
	}
	for _, p := range src.Policies {
		look(store.Policies, "policy", p.Pack, p.MetadataFile, p.Ref)
	}
	return found
}

// lost finds the packs that are registered and have no folder any more.
func (r *Registrar) lost(folders []*folder) []pack.Finding {
	var found []pack.Finding
	for _, p := range r.src.Packs {
		if p.Path == "" || slices.ContainsFunc(folders, func(f *folder) bool { return f.path == p.Path }) {
			continue
		}
		if slices.ContainsFunc(folders, func(f *folder) bool {
			return f.content != nil && f.content.Pack != nil && f.content.Pack.Ref == p.Ref
		}) {
			continue // it has moved
		}
		found = append(found, pack.Finding{
			File: p.Path, Severity: pack.Warning, Hint: "unload it to be rid of it",
			Msg: fmt.Sprintf("the folder is gone, but the pack %s stays registered", p.Ref),
		})
	}
	return found
}

// counts says how many things of each kind are registered of the packs.
func (r *Registrar) counts(folders []*folder, kinds map[store.Kind]bool) map[string]int {
	owners := map[string]bool{}
	for _, f := range folders {
		if f.content != nil && f.content.Pack != nil {
			owners[f.content.Pack.Ref] = true
		}
		for _, p := range r.src.Packs {
			if f.same && p.Path == f.path && (p.Path != "" || p.Ref == f.name) {
				owners[p.Ref] = true
			}
		}
	}
	out := map[string]int{"runners": len(r.opts.Runners)}
	names := map[store.Kind]string{}
	for name, kind := range allKinds() {
		if kinds[kind] {
			names[kind] = plural(name)
			out[plural(name)] = 0
		}
	}
	for k, h := range r.have {
		if name, ok := names[k.kind]; ok && owners[h.pack] {
			out[name]++
		}
	}
	return out
}
