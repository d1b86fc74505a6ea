package jinja

import (
	"context"
	"fmt"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// ValueError is the error of one entry of [Env.RenderValues].
type ValueError struct {
	Key   string
	Value value.Value // as it was written
	Err   error
}

// Error names the entry.
func (e *ValueError) Error() string { return fmt.Sprintf("render %s: %v", e.Key, e.Err) }

// Unwrap returns what went wrong.
func (e *ValueError) Unwrap() error { return e.Err }

// RenderValues renders the values of a mapping as StackStorm does for rules and
// action chains: lists and dicts are written as JSON, rendered, and read again.
// What does not change by rendering keeps its type, and what does is text, or
// what the JSON says. The templates see all variables as __context, too. The
// error is a [*ValueError].
func (e *Env) RenderValues(ctx context.Context, mapping, vars *value.Dict) (*value.Dict, error) {
	if mapping == nil || vars == nil || mapping.Len() == 0 || vars.Len() == 0 {
		return mapping, nil
	}
	all := value.NewDict()
	all.Set("__context", vars)
	layered := layers{top: vars, low: all}
	out := value.NewDictCap(mapping.Len())
	for k, v := range mapping.All() {
		rendered, err := e.renderOne(ctx, v, layered)
		if err != nil {
			return nil, &ValueError{value.Str(k), v, err}
		}
		if err := out.SetKey(k, rendered); err != nil {
			return nil, &ValueError{value.Str(k), v, err}
		}
	}
	return out, nil
}

// renderOne renders one value of a mapping.
func (e *Env) renderOne(ctx context.Context, v value.Value, vars Vars) (value.Value, error) {
	var text string
	switch s := v.(type) {
	case string:
		text = s
	case *value.List, *value.Dict:
		b, err := value.AppendJSONOptions(nil, v, stackstormJSON())
		if err != nil {
			return nil, err
		}
		text = string(b)
	default:
		return v, nil // no other text has an expression in it
	}
	rendered, err := e.Render(ctx, text, vars)
	if err != nil {
		return nil, err
	}
	if rendered == text {
		return v, nil
	}
	if _, ok := v.(string); ok {
		return rendered, nil
	}
	return value.FromJSON([]byte(rendered))
}

// stackstormJSON is how StackStorm writes the JSON that it then renders.
func stackstormJSON() value.JSONOptions { return value.JSONOptions{Item: ", ", Key: ": ", NaN: true} }

// RenderParam renders one parameter of an action as StackStorm does: a list or a
// dict is written as JSON, in which a text that is only {{name}} stands for the
// value of that name with its type, rendered, and read again.
func (e *Env) RenderParam(ctx context.Context, v value.Value, vars Vars) (value.Value, error) {
	switch s := v.(type) {
	case string:
		return e.Render(ctx, s, vars)
	case *value.List, *value.Dict:
	default:
		return v, nil
	}
	src, err := ParamSource(v)
	if err != nil {
		return nil, err
	}
	rendered, err := e.Render(ctx, src, vars)
	if err != nil {
		return nil, err
	}
	return value.FromJSON([]byte(rendered))
}

// ParamSource returns the template that [Env.RenderParam] renders for v.
func ParamSource(v value.Value) (string, error) {
	switch s := v.(type) {
	case string:
		return s, nil
	case *value.List, *value.Dict:
		b, err := value.AppendJSONOptions(nil, v, stackstormJSON())
		if err != nil {
			return "", err
		}
		return string(keepTypes(b)), nil
	}
	return value.Str(v), nil
}

// keepTypes replaces "{{name}}" by {{name | to_complex}} in a JSON text.
func keepTypes(src []byte) []byte {
	var out []byte
	for i := 0; i < len(src); {
		if name := bareName(src[i:]); name > 0 {
			out = append(out, src[i+1:i+3+name]...)
			out = append(out, " | to_complex}}"...)
			i += name + len(`"{{}}"`)
			continue
		}
		out = append(out, src[i])
		i++
	}
	return out
}

// bareName returns the length of the name if s begins with "{{name}}" in quotes.
// The name may have what is between Z and a in ASCII, too, as in StackStorm.
func bareName(s []byte) int {
	if len(s) < 7 || string(s[:3]) != `"{{` {
		return 0
	}
	n := 0
	for c := s[3]; c >= 'A' && c <= 'z' || c >= '0' && c <= '9' || c == '-'; c = s[3+n] {
		if n++; 3+n >= len(s) {
			return 0
		}
	}
	if n == 0 || len(s) < 6+n || string(s[3+n:6+n]) != `}}"` {
		return 0
	}
	return n
}

// IsExpression reports whether v is text that StackStorm would take for a
// template.
func IsExpression(v value.Value) bool {
	s, ok := v.(string)
	return ok && HasTemplate(s)
}
