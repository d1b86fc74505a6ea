package action

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// template is a value that has to be rendered: a text, or a list or a dict with
// such texts in it.
//
// StackStorm writes a list or a dict as JSON, renders that and loads the
// outcome. So a text in it that is nothing but {{name}} becomes the value itself,
// and any other becomes a text in which escapes of JSON count. This does the same
// with each text by itself, and where the outcome is no JSON, as when a value
// with a quote was put in, takes it as it is. Hence a value can't change the
// structure around it. Only templates that reach over several texts, with an
// {% if %} in one and its {% endif %} in another, are rendered all at once.
type template struct {
	names []string // variables, in order
	err   error    // why it can't be rendered

	text  *jinja.Template // all of it: a text, or JSON if whole
	whole bool

	v     value.Value // a list or a dict
	parts map[string]*part
	typed bool // a part that is one name only becomes what it stands for
}

// part is a text inside a list or a dict.
type part struct {
	any  bool // it is one name only, and JSON comes out
	json *jinja.Template
	raw  *jinja.Template
}

// oneName is a text of which the filter to_complex is to keep the type.
var oneName = regexp.MustCompile(`^\{\{([A-z0-9_-]+)\}\}$`)

var oneNameInJSON = regexp.MustCompile(`"\{\{([A-z0-9_-]+)\}\}"`)

// engine is Jinja as StackStorm sets it up.
var engine = sync.OnceValue(func() *jinja.Env { //nolint:gochecknoglobals // it never changes
	return jinja.New(jinja.Options{Filters: map[string]jinja.Filter{"decrypt_kv": decryptKV, "secret": secretFilter}})
})

// marked reports whether a text has the marks of a template. A comment alone is
// none.
func marked(s string) bool { return strings.Contains(s, "{{") || strings.Contains(s, "{%") }

// dynamic reports whether a value may have a template in it.
func dynamic(v value.Value) bool {
	switch v := v.(type) {
	case string:
		return marked(v)
	case *value.List:
		return slices.ContainsFunc(v.Items, dynamic)
	case *value.Dict:
		for k, item := range v.All() {
			if dynamic(k) || dynamic(item) {
				return true
			}
		}
	}
	return false
}

// compileTemplate returns the template that v is, or nil. What has the marks of
// a template and is none is a plain value.
func compileTemplate(v value.Value) *template {
	if !dynamic(v) {
		return nil
	}
	if s, ok := v.(string); ok {
		t, err := engine().Parse(s)
		if err != nil {
			return brokenTemplate(err)
		}
		return &template{names: t.Variables(), text: t}
	}
	t, err := compileParts(v, true)
	if err != nil {
		return compileWhole(v)
	}
	return t
}

// compileParts returns the template that a list or a dict is when each text in it
// is one by itself. With typed, a text that is one name only becomes what it
// stands for.
func compileParts(v value.Value, typed bool) (*template, error) {
	t := &template{v: v, parts: map[string]*part{}, typed: typed}
	names := map[string]bool{}
	if err := t.collect(v, names); err != nil {
		return nil, err
	}
	t.names = slices.Sorted(maps.Keys(names))
	return t, nil
}

// brokenTemplate returns a template that can be read but not rendered, as when it
// names a filter that does not exist, or nil if it can't even be read.
func brokenTemplate(err error) *template {
	if e, ok := errors.AsType[*jinja.Error](err); ok && e.Class != jinja.SyntaxError {
		return &template{err: err}
	}
	return nil
}

// compileWhole returns the template that all of the list or dict is. What its
// text in Python's manner does not parse as is no template.
func compileWhole(v value.Value) *template {
	asPython, err := engine().Parse(value.Repr(v))
	if err != nil {
		return brokenTemplate(err)
	}
	src, err := value.ToJSON(v)
	if err != nil {
		return nil
	}
	t, err := engine().Parse(oneNameInJSON.ReplaceAllString(string(src), `{{$1 | to_complex}}`))
	if err != nil {
		return &template{err: err}
	}
	return &template{names: asPython.Variables(), text: t, whole: true}
}

// collect prepares the texts in v. The error is about one that is no template by
// itself.
func (t *template) collect(v value.Value, names map[string]bool) error {
	switch v := v.(type) {
	case string:
		if t.parts[v] != nil || !marked(v) {
			return nil
		}
		p, err := compilePart(v, t.typed)
		if err != nil {
			return err
		}
		t.parts[v] = p
		for _, name := range p.raw.Variables() {
			names[name] = true
		}
	case *value.List:
		for _, item := range v.Items {
			if err := t.collect(item, names); err != nil {
				return err
			}
		}
	case *value.Dict:
		for k, item := range v.All() {
			if err := t.collect(k, names); err != nil {
				return err
			}
			if err := t.collect(item, names); err != nil {
				return err
			}
		}
	}
	return nil
}

func compilePart(s string, typed bool) (*part, error) {
	raw, err := engine().Parse(s)
	if err != nil {
		return nil, err
	}
	p := &part{raw: raw}
	if m := oneName.FindStringSubmatch(s); m != nil && typed {
		if p.json, err = engine().Parse("{{" + m[1] + " | to_complex}}"); err == nil {
			p.any = true
			return p, nil
		}
	}
	src, err := value.ToJSON(s)
	if err != nil {
		return p, nil //nolint:nilerr // it can be rendered as it is
	}
	if inner := string(src[1 : len(src)-1]); inner == s {
		p.json = raw
	} else if p.json, err = engine().Parse(inner); err != nil {
		p.json = nil
	}
	return p, nil
}

// render returns the value with all templates in it rendered.
func (t *template) render(ctx context.Context, vars jinja.Vars) (value.Value, error) {
	if t.err != nil {
		return nil, t.err
	}
	if t.text == nil {
		return t.fill(ctx, t.v, vars)
	}
	s, err := t.text.Render(ctx, vars)
	if err != nil || !t.whole {
		return s, err
	}
	return value.FromJSON([]byte(s))
}

// fill returns v with the texts in it rendered. What has none is shared.
func (t *template) fill(ctx context.Context, v value.Value, vars jinja.Vars) (value.Value, error) {
	switch v := v.(type) {
	case string:
		if p := t.parts[v]; p != nil {
			return p.render(ctx, vars)
		}
	case *value.List:
		out := make([]value.Value, len(v.Items))
		for i, item := range v.Items {
			var err error
			if out[i], err = t.fill(ctx, item, vars); err != nil {
				return nil, err
			}
		}
		return value.NewList(out...), nil
	case *value.Dict:
		out := value.NewDictCap(v.Len())
		for k, item := range v.All() {
			key, err := t.fill(ctx, k, vars)
			if err != nil {
				return nil, err
			}
			if item, err = t.fill(ctx, item, vars); err != nil {
				return nil, err
			}
			if _, ok := k.(string); ok {
				key = value.Str(key) // keys of JSON are text
			}
			if err := out.SetKey(key, item); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

func (p *part) render(ctx context.Context, vars jinja.Vars) (value.Value, error) {
	if p.json == nil {
		return p.raw.Render(ctx, vars)
	}
	s, err := p.json.Render(ctx, vars)
	if err != nil {
		return nil, err
	}
	if p.any {
		return value.FromJSON([]byte(s))
	}
	if v, err := value.FromJSON([]byte(`"` + s + `"`)); err == nil {
		if inner, ok := v.(string); ok {
			return inner, nil
		}
	}
	if p.json == p.raw {
		return s, nil
	}
	return p.raw.Render(ctx, vars)
}
