package expr

import (
	"context"
	"fmt"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// EvaluateExpression evaluates one expression that stands without delimiters. What
// comes out is not evaluated again, and what is undefined is a [*jinja.Undefined].
// The error is a [*yaql.Error] or a [*jinja.Error].
func (e *Evaluator) EvaluateExpression(ctx context.Context, language, expression string, data *value.Dict) (value.Value, error) {
	r := e.run(ctx, data)
	switch language {
	case Yaql:
		return e.yaql.Eval(ctx, expression, nil, r.context)
	case Jinja:
		x, err := e.jinja.Expr(expression)
		if err != nil {
			return nil, err
		}
		return x.EvalRaw(ctx, jinjaVars{r})
	}
	return nil, fmt.Errorf("there is no language %q", language)
}

// ParseExpression returns what is wrong with one expression that stands without
// delimiters, or nil.
func (e *Evaluator) ParseExpression(language, expression string) error {
	var err error
	switch language {
	case Yaql:
		_, err = e.yaql.Parse(expression)
	case Jinja:
		_, err = e.jinja.Expr(expression)
	default:
		err = fmt.Errorf("there is no language %q", language)
	}
	return err
}

// Globals returns the functions that know of the workflow (ctx, task, st2kv and the
// like) and all others, bound to a context, for templates that are not part of one.
func (e *Evaluator) Globals(data *value.Dict) map[string]value.Value {
	vars := jinjaVars{e.run(context.Background(), data)}
	all := make(map[string]value.Value, len(e.names))
	for _, name := range e.names {
		all[name], _ = vars.Get(name)
	}
	return all
}
