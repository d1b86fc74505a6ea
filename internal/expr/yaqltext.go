package expr

import (
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// failed wraps an error of an expression in YAQL, or of a key.
func (r *run) failed(class, expression string, err error) error {
	of, msg, limit := describe(err)
	if class == "" {
		class = YaqlError
	}
	out := &Error{Class: class, Limit: limit, Expression: expression, err: err}
	switch {
	case class == YaqlError && of == string(value.KeyError):
		out.Msg = "Unable to resolve key '" + strings.Trim(msg, "'") + "' in expression '" + expression + "' from context."
	case class == YaqlError:
		out.Msg = "Unable to evaluate expression '" + expression + "'. " + of + ": " + strings.Trim(msg, "'")
	default:
		out.Msg = "Unable to evaluate expression '" + expression + "'. " + of + ": " + msg
	}
	return out
}

// yaqlText evaluates the expressions of YAQL in a text, and again in texts that come
// out of them.
func (r *run) yaqlText(text string, depth int) (value.Value, error) {
	expressions := findYaql(text)
	var output value.Value = text
	for _, x := range expressions {
		v, err := r.yaqlOne(x, depth)
		if err == nil {
			if s, isText := output.(string); isText && (len(expressions) > 1 || len(s) > len(x)) {
				output, err = r.put(s, x, v)
			} else {
				output = v
			}
		}
		if err != nil {
			return nil, r.failed(YaqlError, x, err)
		}
	}
	return output, nil
}

func (r *run) yaqlOne(x string, depth int) (value.Value, error) {
	if err := r.next(depth); err != nil {
		return nil, err
	}
	v, err := r.yaql.Eval(r.ctx, stripYaql(x), nil, r.context)
	if err != nil {
		return nil, err
	}
	if s, ok := v.(string); ok && hasYaql(s) {
		return r.yaqlText(s, depth+1)
	}
	return v, nil
}
