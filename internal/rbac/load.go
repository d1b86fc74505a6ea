package rbac

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
)

// Mistake is something wrong with a file.
type Mistake struct {
	File         string
	Line, Column int
	Msg          string
}

func (m Mistake) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Msg)
}

// Load reads the files of a folder as StackStorm lays them out: roles/*.yaml,
// assignments/*.yaml and mappings/*.yaml. It returns all mistakes at once. With a
// mistake a policy must not be used: it could allow what was meant to be refused no
// less than refuse what was meant to be allowed.
func Load(dir fs.FS) (*Policy, []Mistake) {
	l := &loader{p: &Policy{Roles: map[string]*Role{}}, dir: dir}
	if _, err := fs.ReadDir(dir, "."); err != nil {
		l.found = append(l.found, Mistake{".", 1, 1, "the folder cannot be read: " + err.Error()})
		return l.p, l.found
	}
	l.files("roles", l.role)
	l.files("assignments", func(f *file) { l.assignment(f, "username") })
	l.files("mappings", func(f *file) { l.assignment(f, "group") })
	slices.SortStableFunc(l.found, func(a, b Mistake) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return l.p, l.found
}

type loader struct {
	p     *Policy
	dir   fs.FS
	found []Mistake
	given map[string]string // where a person or group was given roles before
}

// file is one that could be read.
type file struct {
	name string
	doc  *pyyaml.Document
	root *value.Dict
}

func (l *loader) files(folder string, read func(f *file)) {
	l.given = map[string]string{}
	entries, err := fs.ReadDir(l.dir, folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.found = append(l.found, Mistake{folder, 1, 1, "it cannot be read: " + err.Error()})
	}
	for _, e := range entries {
		name := path.Join(folder, e.Name())
		if ext := path.Ext(name); ext != ".yaml" && ext != ".yml" {
			continue
		}
		text, err := fs.ReadFile(l.dir, name)
		if err != nil {
			l.found = append(l.found, Mistake{name, 1, 1, "it cannot be read: " + err.Error()})
			continue
		}
		doc, err := pyyaml.Parse(text)
		if err != nil {
			for _, e := range pyyaml.Errors(err) {
				l.found = append(l.found, Mistake{name, e.Line, e.Column, e.Msg})
			}
			continue
		}
		f := &file{name: name, doc: doc}
		var ok bool
		if f.root, ok = doc.Value.(*value.Dict); !ok {
			l.fail(f, nil, "it is not a mapping")
			continue
		}
		if enabled, ok := f.root.Get("enabled"); ok && enabled == false {
			continue
		}
		read(f)
	}
}

func (l *loader) fail(f *file, at []any, format string, args ...any) {
	line, column := f.doc.Pos(at...)
	l.found = append(l.found, Mistake{f.name, line, column, fmt.Sprintf(format, args...)})
}

// keys reports keys that mean nothing.
func (l *loader) keys(f *file, at []any, d *value.Dict, known ...string) {
	for k := range d.Texts() {
		if !slices.Contains(known, k) {
			line, column := f.doc.KeyPos(append(slices.Clip(at), k)...)
			l.found = append(l.found, Mistake{f.name, line, column, fmt.Sprintf("there is no key %q here; there are %s", k, strings.Join(known, ", "))})
		}
	}
}

// text returns a text that must be there.
func (l *loader) text(f *file, key string) string {
	v, ok := f.root.Get(key)
	s, isText := v.(string)
	switch {
	case !ok:
		l.fail(f, nil, "it has no %s", key)
	case !isText || s == "":
		l.fail(f, []any{key}, "%s must be a text", key)
	}
	return s
}

// list returns the items of a list; of what is not there none.
func (l *loader) list(f *file, at []any, d *value.Dict, key string) []value.Value {
	v, ok := d.Get(key)
	items, isList := v.(*value.List)
	switch {
	case !ok || v == nil:
		return nil
	case !isList:
		l.fail(f, append(slices.Clip(at), key), "%s must be a list", key)
		return nil
	}
	return items.Items
}

func (l *loader) role(f *file) {
	l.keys(f, nil, f.root, "name", "description", "enabled", "permission_grants")
	r := &Role{Name: l.text(f, "name")}
	r.Description, _ = get(f.root, "description").(string)
	switch {
	case r.Name == "":
		return
	case r.Name == SystemAdmin || r.Name == Admin || r.Name == Observer:
		l.fail(f, []any{"name"}, "%q is a role that is always there and cannot be another", r.Name)
		return
	case l.p.Roles[r.Name] != nil:
		l.fail(f, []any{"name"}, "there is a role %q already", r.Name)
		return
	}
	for i, v := range l.list(f, nil, f.root, "permission_grants") {
		at := []any{"permission_grants", i}
		d, ok := v.(*value.Dict)
		if !ok {
			l.fail(f, at, "a grant must be a mapping")
			continue
		}
		r.Grants = append(r.Grants, l.grant(f, at, d))
	}
	l.p.Roles[r.Name] = r
}

func (l *loader) grant(f *file, at []any, d *value.Dict) Grant {
	l.keys(f, at, d, "resource_uid", "permission_types", "exclusive")
	var g Grant
	if v, ok := d.Get("resource_uid"); ok && v != nil {
		if g.UID, ok = v.(string); !ok || g.UID == "" {
			l.fail(f, append(slices.Clip(at), "resource_uid"), "resource_uid must be a text")
		}
	}
	kind, rest, _ := strings.Cut(g.UID, ":")
	if v, ok := d.Get("exclusive"); ok {
		if g.Exclusive, ok = v.(bool); !ok {
			l.fail(f, append(slices.Clip(at), "exclusive"), "exclusive must be true or false")
		}
		if g.Exclusive && g.UID == "" {
			l.fail(f, append(slices.Clip(at), "exclusive"), "what is locked down must be named in resource_uid")
		}
	}
	if g.UID != "" && (rest == "" || kind != "tag" && !isKind(kind)) {
		l.fail(f, append(slices.Clip(at), "resource_uid"), "%q is not the UID of a resource, such as pack:web or action:web:restart; nor tag:name=value", g.UID)
		kind = ""
	}
	if !d.Has("permission_types") {
		l.fail(f, at, "a grant needs permission_types")
	}
	for i, v := range l.list(f, at, d, "permission_types") {
		permission, _ := v.(string)
		here := append(slices.Clip(at), "permission_types", i)
		_, _, ok := split(permission)
		switch {
		case !ok:
			l.fail(f, here, "there is no permission %s", value.Repr(v))
			continue
		case g.UID == "" && !Global(permission):
			l.fail(f, here, "%s is granted on a resource: name one in resource_uid", permission)
		case kind != "" && kind != "tag" && !On(permission, kind):
			l.fail(f, here, "%s cannot be granted on a %s", permission, kind)
		}
		g.Permissions = append(g.Permissions, permission)
	}
	return g
}

func isKind(name string) bool {
	return slices.ContainsFunc(table(), func(r row) bool { return r.name == name })
}

// assignment reads who has which roles; key names who.
func (l *loader) assignment(f *file, key string) {
	l.keys(f, nil, f.root, key, "description", "enabled", "roles")
	who := l.text(f, key)
	if first, ok := l.given[who]; ok && who != "" {
		l.fail(f, []any{key}, "%q is given roles in %s already", who, first)
	}
	l.given[who] = f.name
	a := Assignment{File: f.name}
	a.Description, _ = get(f.root, "description").(string)
	if key == "group" {
		a.Group = who
	} else {
		a.User = who
	}
	if !f.root.Has("roles") {
		l.fail(f, nil, "it has no roles")
	}
	for i, v := range l.list(f, nil, f.root, "roles") {
		name, _ := v.(string)
		if name != Admin && name != Observer && name != SystemAdmin && l.p.Roles[name] == nil {
			l.fail(f, []any{"roles", i}, "there is no role %s; there are %s", value.Repr(v), l.names())
			continue
		}
		a.Roles = append(a.Roles, name)
	}
	l.p.Assignments = append(l.p.Assignments, a)
}

func (l *loader) names() string {
	return strings.Join(append([]string{Admin, Observer}, slices.Sorted(maps.Keys(l.p.Roles))...), ", ")
}

func get(d *value.Dict, key string) value.Value {
	v, _ := d.Get(key)
	return v
}
