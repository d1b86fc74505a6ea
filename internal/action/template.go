package action

import (
	"cmp"
	"context"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// A Template is a value with Jinja in it where there are no types to cast to: in
// an action chain, in a notification. A text becomes a text. Texts in lists and
// dicts are rendered each by itself, so that a value can't change the structure
// around it; as in StackStorm, escapes of JSON count in them. What else there is
// in the value stays as it is.
type Template struct {
	t *template   // nil: there is nothing to render
	v value.Value // as written
}

// ParseTemplate returns the template that v is. The error is a [*jinja.Error].
func ParseTemplate(v value.Value) (*Template, error) {
	switch s := v.(type) {
	case string:
		// Rendering drops the newline at the end even of text without marks.
		t, err := engine().Parse(s)
		if err != nil {
			return nil, err
		}
		return &Template{t: &template{names: t.Variables(), text: t}, v: v}, nil
	case *value.List, *value.Dict:
		if !dynamic(v) {
			break
		}
		t, err := compileParts(v, false)
		if err == nil {
			return &Template{t: t, v: v}, nil
		}
		src, werr := value.ToJSON(v)
		if werr != nil {
			return nil, err
		}
		whole, werr := engine().Parse(string(src))
		if werr != nil {
			return nil, err // the one of its part says more
		}
		return &Template{t: &template{names: whole.Variables(), text: whole, whole: true}, v: v}, nil
	}
	return &Template{v: v}, nil
}

// Names returns the variables that the template names.
func (t *Template) Names() []string {
	if t.t == nil {
		return nil
	}
	return t.t.names
}

// Render returns the value with all templates in it rendered.
func (t *Template) Render(ctx context.Context, vars jinja.Vars) (value.Value, error) {
	if t.t == nil {
		return t.v, nil
	}
	return t.t.render(ctx, vars)
}

// Literal returns v so written that it comes out of rendering as it is.
func Literal(v value.Value) value.Value {
	switch v := v.(type) {
	case string:
		return literal(v)
	case *value.List:
		out := value.NewList()
		for _, item := range v.Items {
			out.Items = append(out.Items, Literal(item))
		}
		return out
	case *value.Dict:
		out := value.NewDictCap(v.Len())
		for key, item := range v.Texts() {
			out.Set(literal(key), Literal(item))
		}
		return out
	default:
		return v
	}
}

// Settle returns what a template was rendered to, so written that rendering leaves it as it
// is: what its variables stood for is data. What was written without a template stays.
func Settle(written, rendered value.Value) value.Value {
	if dynamic(written) && dynamic(rendered) {
		return Literal(rendered)
	}
	return rendered
}

func literal(s string) string {
	s = strings.ReplaceAll(s, "{", "{{ '{' }}")
	if strings.HasSuffix(s, "\n") {
		s += "{{ '' }}" // or the newline is dropped
	}
	return s
}

// A Scope is what templates look up beside their variables. It belongs to one
// goroutine, and remembers what it has looked up.
type Scope struct {
	env    Env
	store  *datastore
	config *value.Dict // nil: not looked up yet
}

// NewScope returns what templates look up in env.
func NewScope(env Env) *Scope { return &Scope{env: env, store: newDatastore(env)} }

// Name returns what a name stands for: st2kv, system (the old name of
// st2kv.system), secret, action_context or config_context. An error is a look-up that failed.
func (s *Scope) Name(ctx context.Context, name string) (value.Value, bool, error) {
	switch name {
	case "st2kv":
		return s.store.st2kv(), true, nil
	case "secret":
		return s.store.secret(), true, nil
	case "system":
		return s.store.system(), true, nil
	case "action_context":
		return s.env.context(), true, nil
	case "config_context":
		if s.config == nil {
			var d *value.Dict
			if s.env.Config != nil {
				var err error
				if d, err = s.env.Config(ctx); err != nil {
					return nil, false, err
				}
			}
			s.config = orEmpty(d)
		}
		return s.config, true, nil
	}
	return nil, false, nil
}

// Elsewhere counts the secrets from outside of the datastore that were looked up.
func (s *Scope) Elsewhere() int { return s.store.others }

// Context returns ctx with what the filter decrypt_kv needs.
func (s *Scope) Context(ctx context.Context) context.Context { return withDatastore(ctx, s.store) }

// Err returns why a look-up failed while templates were rendered, or nil. Then
// what the templates say does not count, and they may be rendered again.
func (s *Scope) Err(ctx context.Context) error { return cmp.Or(s.store.err, ctx.Err()) }
