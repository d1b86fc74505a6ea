package pack

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/alias"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/policy"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// Bounds of what is read of a pack.
const (
	maxFile  = 10 << 20 // bytes of one file of metadata
	maxFiles = 50_000   // names in [Pack.Files]
)

// Options say what Read needs to know of the world. All of them are optional.
type Options struct {
	// Runner looks up a runner type. Without it, runner types are not checked.
	Runner func(name string) (*action.RunnerType, bool)

	// Parse reads the templates in the criteria of rules. Without it, they are not
	// checked.
	Parse func(text string) (rule.Template, error)

	// PolicyTypes are what policies may be. Default: the standard ones.
	PolicyTypes policy.Types

	// Path is where the folder lies on disk. Without it, the folder has no name of
	// its own if it is read as ".".
	Path string
}

// Content is what a pack brings. The ids of all of it are empty: they are given
// at registration.
type Content struct {
	Pack         *Pack // nil: it cannot be registered, see the findings
	Actions      []*action.Action
	Rules        []*rule.Rule
	TriggerTypes []*trigger.Type // of triggers/ and of sensors
	Sensors      []*Sensor
	Aliases      []*alias.Alias
	Policies     []*policy.Policy
	ConfigSchema *value.Dict // nil: there is none

	places    map[*rule.Rule]*source
	workflows []workflow
}

// Read reads the pack in a folder. What cannot be read, or has an error, is left
// out of the content and is in the findings, which are sorted by file and place.
//
// Read follows links as fsys does: hand it the file system of an [os.Root] so
// that no link leads out of the pack.
func Read(fsys fs.FS, dir string, o Options) (*Content, Findings) {
	r := &reader{fsys: fsys, dir: dir, o: o, content: &Content{places: map[*rule.Rule]*source{}}, seen: map[string]string{}}
	r.manifest()
	r.each("triggers", r.triggerType)
	r.each("sensors", r.sensor)
	r.each("actions", r.action)
	r.each("rules", r.rule)
	r.each("aliases", r.alias)
	r.each("policies", r.policy)
	r.configSchema()
	r.crossCheck()
	r.found.sort()
	return r.content, r.found
}

// Refs returns the references of what the pack brings, each with its kind before it:
// action, rule, sensor, alias or policy.
func (c *Content) Refs() map[string]bool {
	refs := map[string]bool{}
	for _, a := range c.Actions {
		refs["action "+a.Ref] = true
	}
	for _, r := range c.Rules {
		refs["rule "+r.Ref] = true
	}
	for _, s := range c.Sensors {
		refs["sensor "+s.Ref] = true
	}
	for _, a := range c.Aliases {
		refs["alias "+a.Ref] = true
	}
	for _, p := range c.Policies {
		refs["policy "+p.Ref] = true
	}
	return refs
}

type reader struct {
	fsys    fs.FS
	dir     string
	o       Options
	ref     string // of the pack
	content *Content
	found   Findings
	seen    map[string]string // kind and name to the file that has it
}

// folderName is what the pack's folder is called, or "".
func (r *reader) folderName() string {
	for _, p := range []string{r.dir, strings.ReplaceAll(r.o.Path, `\`, "/")} {
		if base := path.Base(path.Clean(p)); p != "" && base != "." && base != "/" {
			return base
		}
	}
	return ""
}

// each reads the files of metadata in a folder of the pack, by name. Folders in
// it hold scripts and workflows, which are no metadata.
func (r *reader) each(folder string, read func(*source, *object)) {
	entries, err := fs.ReadDir(r.fsys, path.Join(r.dir, folder))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		r.found = append(r.found, Finding{File: folder, Severity: Error, Msg: fmt.Sprintf("cannot be read: %v", err)})
		return
	}
	for _, e := range entries {
		name := e.Name()
		if ext := path.Ext(name); ext != ".yaml" && ext != ".yml" || strings.HasPrefix(name, ".") || e.IsDir() {
			continue
		}
		s, o, ok := r.load(path.Join(folder, name))
		if ok {
			read(s, o)
		}
		r.found = append(r.found, s.found...)
	}
}

// load reads a file that holds one mapping.
func (r *reader) load(file string) (*source, *object, bool) {
	s := &source{file: file}
	fail := func(format string, args ...any) (*source, *object, bool) {
		s.add(Error, nil, false, "", format, args...)
		return s, nil, false
	}
	data, err := r.bytes(file)
	if err != nil {
		return fail("cannot be read: %v", err)
	}
	doc, err := pyyaml.Parse(data)
	if err != nil {
		for _, e := range pyyaml.Errors(err) {
			s.found = append(s.found, Finding{File: file, Line: e.Line, Column: e.Column, Severity: Error, Msg: e.Msg})
		}
		s.stop = true
		return s, nil, false
	}
	s.doc = doc
	for _, w := range doc.Warnings {
		s.found = append(s.found, Finding{File: file, Line: w.Line, Column: w.Column, Severity: Warning, Msg: w.Msg})
	}
	d, ok := doc.Value.(*value.Dict)
	if !ok {
		if doc.Value == nil {
			return fail("the file is empty")
		}
		return fail("the file holds a %s, not a mapping", value.TypeName(doc.Value))
	}
	if _, err := value.ToJSON(d); err != nil {
		return fail("a value in the file cannot be kept: %v", err)
	}
	return s, &object{s: s, d: d}, true
}

func (r *reader) bytes(file string) ([]byte, error) {
	f, err := r.fsys.Open(path.Join(r.dir, file))
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, cause(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no file")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, cause(err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("it is larger than %d MB", maxFile>>20)
	}
	return data, nil
}

// cause is why a file cannot be read, without the path, which is known.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// exists reports whether there is a file in the pack.
func (r *reader) exists(file string) bool {
	if !fs.ValidPath(path.Join(r.dir, file)) {
		return false
	}
	info, err := fs.Stat(r.fsys, path.Join(r.dir, file))
	return err == nil && !info.IsDir()
}

// once reports what is defined twice. The last one counts, as in StackStorm.
func (r *reader) once(s *source, kind, name string) {
	if other, ok := r.seen[kind+" "+name]; ok {
		s.add(Warning, []any{"name"}, false, "give one of them another name", "the %s %q is in %s already; the last one counts", kind, name, other)
	}
	r.seen[kind+" "+name] = s.file
}

// put appends a thing, or takes it for the one of the same name.
func put[T any](list *[]*T, t *T, same func(*T) bool) {
	if i := slices.IndexFunc(*list, same); i >= 0 {
		(*list)[i] = t
		return
	}
	*list = append(*list, t)
}
