package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// evaluator evaluates texts of both languages over one context: YAQL as a workflow
// does, and Jinja as rules and parameters do, with the functions of workflows
// beside the names of the context.
type evaluator struct {
	data     *value.Dict
	workflow *expr.Evaluator
	jinja    *jinja.Env
}

func newEvaluator(data *value.Dict) *evaluator {
	if keys, ok := data.Get("st2kv"); ok && keys != nil && !data.Has("st2") {
		// The function st2kv wants to know whose keys are meant.
		st2 := value.NewDict()
		st2.Set("user", "")
		with := value.NewDictCap(data.Len() + 1)
		for k, v := range data.Texts() {
			with.Set(k, v)
		}
		with.Set("st2", st2)
		data = with
	}
	w := expr.New(expr.Options{Datastore: func(_ context.Context, k expr.Key) (value.Value, bool, error) {
		scope := "user"
		if k.System {
			scope = "system"
		}
		v, ok := lookUp(data, "st2kv."+scope+"."+k.Name)
		return v, ok, nil
	}})
	globals := w.Globals(data)
	delete(globals, "st2kv") // in rules and parameters it is a name of the context
	return &evaluator{data: data, workflow: w, jinja: jinja.New(jinja.Options{
		Globals: globals,
		Filters: map[string]jinja.Filter{"decrypt_kv": inTheClear},
	})}
}

// inTheClear stands for decrypt_kv: values of keys are not encrypted in a context
// that somebody wrote down.
func inTheClear(_ context.Context, in value.Value, a *value.Args) (value.Value, error) {
	if u, ok := in.(*jinja.Undefined); ok {
		if err := u.Raise(); err != nil {
			return nil, err
		}
	}
	return in, a.None()
}

// evaluate returns the value of an expression, or of a text with expressions.
// Guessed is the language that nothing but a guess has chosen, or "".
func (e *evaluator) evaluate(ctx context.Context, language, text string) (v value.Value, guessed string, err error) {
	inYaql, inJinja := hasYaql(text), jinja.HasTemplate(text)
	if language == "" {
		switch {
		case inYaql && inJinja:
			return nil, "", errors.New("the text has delimiters of both languages, which workflows refuse; -l says which one to evaluate")
		case inYaql:
			language = expr.Yaql
		case inJinja:
			language = expr.Jinja
		default:
			return e.guess(ctx, strings.TrimSpace(text))
		}
	}
	switch {
	case language == expr.Yaql && inYaql:
		v, err = e.workflow.EvaluateText(ctx, expr.Yaql, text, e.data)
	case language == expr.Yaql:
		v, err = e.yaql(ctx, strings.TrimSpace(text))
	case inJinja:
		v, err = e.template(ctx, text)
	default:
		v, err = e.expression(ctx, strings.TrimSpace(text))
	}
	return v, "", err
}

// guess evaluates an expression without delimiters: as Jinja, or as YAQL if it is
// no Jinja, or calls something that only YAQL has. If it is nothing, $ and => tell
// whose mistakes are reported.
func (e *evaluator) guess(ctx context.Context, text string) (v value.Value, guessed string, err error) {
	_, noJinja := e.jinja.Expr(text)
	noYaql := e.workflow.ParseExpression(expr.Yaql, text)
	if noJinja != nil && (noYaql == nil || strings.ContainsRune(text, '$') || strings.Contains(text, "=>")) {
		v, err = e.yaql(ctx, text)
		return v, expr.Yaql, err
	}
	v, err = e.expression(ctx, text)
	// A lone word is a text in YAQL, which would hide that a name is wrong.
	if err != nil && noYaql == nil && strings.ContainsRune(text, '(') {
		if other, failed := e.yaql(ctx, text); failed == nil {
			return other, expr.Yaql, nil
		}
	}
	return v, expr.Jinja, err
}

func (e *evaluator) yaql(ctx context.Context, text string) (value.Value, error) {
	return e.workflow.EvaluateExpression(ctx, expr.Yaql, text, e.data)
}

// hasYaql reports whether a text has an expression of YAQL. What is on one line
// only counts, as in a workflow.
func hasYaql(text string) bool {
	for line := range strings.Lines(text) {
		if _, rest, ok := strings.Cut(line, "<%"); ok && strings.Contains(rest, "%>") {
			return true
		}
	}
	return false
}

// template renders a template. One that is an expression and nothing else gives
// its value.
func (e *evaluator) template(ctx context.Context, text string) (value.Value, error) {
	inner, opens := strings.CutPrefix(strings.TrimSpace(text), "{{")
	inner, ends := strings.CutSuffix(inner, "}}")
	if opens && ends && !strings.Contains(inner, "}}") {
		if v, err := e.expression(ctx, inner); err == nil {
			return v, nil
		}
		// The template knows where in all of the text the mistake is.
	}
	return e.jinja.Render(ctx, text, e.data)
}

func (e *evaluator) expression(ctx context.Context, text string) (value.Value, error) {
	x, err := e.jinja.Expr(text)
	if err != nil {
		return nil, err
	}
	v, err := x.EvalRaw(ctx, e.data)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case *jinja.Undefined:
		return nil, e.undefined(ctx, text, v)
	case *value.Generator:
		items, err := value.NewItems(ctx, v)
		return value.NewList(items...), err
	}
	return v, nil
}

// undefined returns the error of using an expression that is undefined. Rendering
// it says where, and evaluating it alone does not.
func (e *evaluator) undefined(ctx context.Context, text string, u *jinja.Undefined) error {
	const open, end = "{{", "}}"
	_, err := e.jinja.Render(ctx, open+text+end, e.data)
	found, ok := errors.AsType[*jinja.Error](err)
	if !ok {
		return u.Raise()
	}
	moved := *found
	lines := strings.Split(text, "\n")
	if moved.Line >= 1 && moved.Line <= len(lines) {
		moved.Source = lines[moved.Line-1]
	}
	if moved.Line == 1 {
		moved.Column = max(moved.Column-len(open), 1)
	}
	return &moved
}
