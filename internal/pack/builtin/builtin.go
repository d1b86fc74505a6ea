// Package builtin holds the packs that come with the server: core, alerts, probes,
// default, chatops, linux and packs.
//
// They are packs like any other, in the folder packs, except that the types of
// events that the server fires itself are declared where they are fired. What
// would need a runner of another issue to do its work, and pretends if it has
// none, is not in them.
package builtin

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/nightshift-run/nightshift/internal/alert"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/probe"
	"github.com/nightshift-run/nightshift/internal/timer"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

//go:embed all:packs
var files embed.FS

// FS returns the packs, each in a folder of its name.
func FS() fs.FS {
	sub, err := fs.Sub(files, "packs")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

// Names returns the names of the packs, sorted.
func Names() []string {
	entries, err := fs.ReadDir(FS(), ".")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Read returns the content of the packs. dir is the folder that [Extract] was
// given, or "" if their scripts are not to be run. There are findings only in a
// broken build.
func Read(o pack.Options, dir string) ([]*pack.Content, pack.Findings) {
	var out []*pack.Content
	var found pack.Findings
	for _, name := range Names() {
		o.Path = ""
		if dir != "" {
			o.Path = filepath.Join(dir, name)
		}
		content, f := pack.Read(FS(), name, o)
		for i := range f {
			f[i].File = name + "/" + f[i].File
		}
		found = append(found, f...)
		for _, t := range Types() {
			if t.Pack == name {
				content.TriggerTypes = append(content.TriggerTypes, t)
			}
		}
		out = append(out, content)
	}
	return out, found
}

// Types returns the types of events that are declared where they are fired:
// timers, probes and alert receivers.
func Types() []*trigger.Type {
	var out []*trigger.Type
	for _, t := range timer.Types() {
		out = append(out, typeOf(t.Ref, t.Description, t.ParametersSchema, t.PayloadSchema))
	}
	for _, t := range probe.Types() {
		out = append(out, typeOf(t.Ref, t.Description, t.ParametersSchema, t.PayloadSchema))
	}
	for _, s := range alert.Sources() {
		t := typeOf(s.Trigger, s.Description, "{}", s.PayloadSchema)
		t.PayloadSchema = lifted(t.PayloadSchema)
		out = append(out, t)
	}
	return out
}

// lifted returns a schema in StackStorm's dialect, where each property says
// itself that it is required. Those of alerts are plain JSON Schema, which lists
// the required ones.
func lifted(d *value.Dict) *value.Dict {
	out := d.Clone()
	list, _ := d.Get("required")
	required, isList := list.(*value.List)
	if isList {
		out.Delete("required")
	}
	for key, v := range d.Texts() {
		sub, ok := v.(*value.Dict)
		switch {
		case !ok:
		case key == "properties":
			props := sub.Clone()
			for name, prop := range sub.Texts() {
				p, ok := prop.(*value.Dict)
				if !ok {
					continue
				}
				p = lifted(p)
				if isList && slices.Contains(required.Items, value.Value(name)) {
					p.Set("required", true)
				}
				props.Set(name, p)
			}
			out.Set(key, props)
		case key == "items" || key == "additionalProperties":
			out.Set(key, lifted(sub))
		}
	}
	return out
}

func typeOf(ref, description, parameters, payload string) *trigger.Type {
	owner, name, _ := pack.SplitRef(ref)
	return &trigger.Type{
		UID: "trigger_type:" + owner + ":" + name, Ref: ref, Pack: owner, Name: name, Description: description,
		ParametersSchema: dict(parameters), PayloadSchema: dict(payload), Tags: []trigger.Tag{},
	}
}

func dict(text string) *value.Dict {
	v, err := value.FromJSON([]byte(text))
	if err != nil {
		panic(fmt.Sprintf("builtin: %v in %s", err, text)) // constant text
	}
	return v.(*value.Dict)
}

// Extract writes the packs below dir, so that their scripts can be run. What is
// there already stays; what is no longer part of a pack is removed.
func Extract(dir string) error {
	for _, name := range Names() {
		want := map[string]bool{}
		err := fs.WalkDir(FS(), name, func(file string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			want[filepath.FromSlash(file)] = true
			target := filepath.Join(dir, filepath.FromSlash(file))
			if e.IsDir() {
				return os.MkdirAll(target, 0o755) //nolint:gosec // scripts are run as other users, too
			}
			return extract(file, target)
		})
		if err != nil {
			return fmt.Errorf("write the pack %s: %w", name, err)
		}
		if err := tidy(dir, name, want); err != nil {
			return fmt.Errorf("tidy the pack %s: %w", name, err)
		}
	}
	return nil
}

// extract writes one file, unless it is as it should be. It appears under its
// name as a whole, because it may be in use.
func extract(file, target string) error {
	data, err := fs.ReadFile(FS(), file)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if bytes.HasPrefix(data, []byte("#!")) {
		mode = 0o755
	}
	if have, err := os.ReadFile(target); err == nil && bytes.Equal(have, data) {
		return os.Chmod(target, mode)
	}
	f, err := os.CreateTemp(filepath.Dir(target), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Close(), os.Chmod(f.Name(), mode))
	if err == nil {
		err = os.Rename(f.Name(), target)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// tidy removes what an older version of a pack had.
func tidy(dir, name string, want map[string]bool) error {
	var gone []string
	err := filepath.WalkDir(filepath.Join(dir, name), func(file string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, file)
		if err == nil && !want[rel] {
			gone = append(gone, file)
		}
		return err
	})
	slices.Reverse(gone) // what is in a folder goes before it
	for _, file := range gone {
		err = errors.Join(err, os.Remove(file))
	}
	return err
}
