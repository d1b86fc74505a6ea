package pack

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/near"
)

const manifestFile = "pack.yaml"

var (
	refForm     = regexp.MustCompile(`^[a-z0-9_]+$`)
	versionForm = regexp.MustCompile(`^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[\da-z\-]+(?:\.[\da-z\-]+)*)?(?:\+[\da-z\-]+(?:\.[\da-z\-]+)*)?$`)
	rangeForm   = regexp.MustCompile(`^((>?>|>=|=|<=|<?<)\s*[0-9]+\.[0-9]+\.[0-9]+?(\s*,)?\s*)+$`)
)

// Reserved is the name that no pack may have: overrides for all packs are under it.
const Reserved = "_global"

// manifest reads pack.yaml.
func (r *reader) manifest() {
	r.ref = r.folderName()
	s, o, ok := r.load(manifestFile)
	if ok {
		p := r.packOf(s, o)
		if p.Ref != "" {
			r.ref = p.Ref
		}
		if !s.stop {
			r.files(p)
			r.content.Pack = p
		}
	}
	r.found = append(r.found, s.found...)
}

func (r *reader) packOf(s *source, o *object) *Pack {
	p := &Pack{
		Name:              o.need("name"),
		Description:       o.need("description"),
		Author:            o.need("author"),
		Version:           o.version(),
		Keywords:          o.texts("keywords"),
		Email:             o.text("email"),
		Contributors:      o.texts("contributors"),
		StackStormVersion: o.text("stackstorm_version"),
		PythonVersions:    o.texts("python_versions"),
		Dependencies:      o.texts("dependencies"),
		System:            o.dict("system"),
		Path:              r.o.Path,
	}
	p.Ref = r.packRef(o, p.Name)
	p.UID = "pack:" + p.Ref
	if p.Ref == Reserved {
		s.add(Error, []any{"ref"}, false, "", "the name %s is reserved", Reserved)
	}
	if v := p.StackStormVersion; v != "" && !rangeForm.MatchString(v) {
		s.add(Error, []any{"stackstorm_version"}, false, `write it as ">=3.0.0, <4.0.0"`, "stackstorm_version %q is no range of versions", v)
	}
	for i, v := range p.PythonVersions {
		if v != "2" && v != "3" {
			s.add(Error, []any{"python_versions", i}, false, `there are "2" and "3"`, "there is no version %q of Python", v)
		}
	}
	// Unknown keys are allowed, so that a pack may have some for others to read. A
	// key that is one letter off is none of those.
	o.known = append(o.known, "ref", "files", "path", "uid", "id")
	for k := range o.d.Texts() {
		if meant := near.Name(k, o.known); meant != "" && !slices.Contains(o.known, k) && !o.d.Has(meant) {
			s.add(Warning, []any{k}, true, "did you mean "+meant+"?", "there is no key %s here", value.Repr(k))
		}
	}
	return p
}

// packRef is what the pack is called in references: as it says itself, or as its
// folder is named, or its name.
func (r *reader) packRef(o *object, name string) string {
	hint := "use lower-case letters, digits and underscores"
	if ref := o.text("ref"); ref != "" {
		if !refForm.MatchString(ref) {
			o.s.add(Error, []any{"ref"}, false, hint, "ref %q has characters that a reference can't have", ref)
		}
		return ref
	}
	if folder := r.folderName(); refForm.MatchString(folder) {
		return folder
	}
	if name != "" && !refForm.MatchString(name) {
		o.s.add(Error, []any{"name"}, false, "add the key ref, of lower-case letters, digits and underscores",
			"the name %q has characters that a reference can't have, and there is no ref", name)
	}
	return name
}

// version returns the version. Two numbers are enough.
func (o *object) version() string {
	v := o.get("version")
	if v == nil {
		o.s.add(Error, o.path, false, "", "version is missing")
		return ""
	}
	text := value.Str(v)
	if _, ok := v.(float64); ok && !strings.HasSuffix(text, ".0") {
		o.s.add(Warning, o.at("version"), false, "put it in quotes", "version is the number %s, in which a last 0 gets lost", text)
	}
	if strings.Count(text, ".") == 1 {
		text += ".0"
	}
	if !versionForm.MatchString(text) {
		o.s.add(Error, o.at("version"), false, "write it as 0.1.0", "version %q is none", value.Str(v))
	}
	return text
}

// files lists the files of the pack.
func (r *reader) files(p *Pack) {
	p.Files = []string{}
	err := fs.WalkDir(r.fsys, r.dir, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fs.SkipDir // it can't be looked into; nothing else depends on it
		case e.IsDir() && (e.Name() == ".git" || e.Name() == "__pycache__"):
			return fs.SkipDir
		case e.IsDir() || path.Ext(name) == ".pyc":
			return nil
		case len(p.Files) >= maxFiles:
			return fs.SkipAll
		}
		p.Files = append(p.Files, strings.TrimPrefix(strings.TrimPrefix(name, r.dir), "/"))
		return nil
	})
	if err != nil || len(p.Files) >= maxFiles {
		r.found = append(r.found, Finding{File: ".", Severity: Warning, Msg: "not all files of the pack are listed"})
	}
	slices.Sort(p.Files)
}
