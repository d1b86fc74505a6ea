// Package expr evaluates the expressions in workflows as Orquesta does: <% %> for
// YAQL, {{ }} and {% %} for Jinja, in text and anywhere in nested values, with the
// functions of Orquesta and StackStorm in both languages.
//
// A text that is one expression gives a value of any type. In other text an
// expression is rendered as Python's str would. A text that comes out of an
// expression is evaluated again. Expressions are found as the reference finds them:
// none goes over the end of a line, and one ends at the first delimiter that could
// end it.
//
// An [Evaluator] may be used by several goroutines at once. It changes nothing
// that it is given, and what it returns may share parts with it.
package expr

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/expr/yaql"
)

// The languages.
const (
	Yaql  = "yaql"
	Jinja = "jinja"
)

// Limits bound one call of [Evaluator.Evaluate]. Each expression has the limits of
// its language, too. A zero field has its default.
type Limits struct {
	Expressions int // evaluated, those that come out of others included; 100,000
	Depth       int // of expressions that come out of others; 50
	Text        int // bytes of a text that comes out; 64 MiB
}

// Options say what there is beside the languages. The zero value has no datastore
// and no tasks.
type Options struct {
	// Datastore answers st2kv. The bool is whether the key exists.
	Datastore func(ctx context.Context, k Key) (value.Value, bool, error)
	// Secret returns a secret that is kept outside of the datastore.
	Secret func(ctx context.Context, name string) (string, error)
	// Task answers task: the latest execution of a task on a route of a workflow
	// execution. The bool is whether there is one.
	Task func(ctx context.Context, workflowExecution, task string, route int64) (value.Value, bool, error)

	Limits      Limits
	YaqlLimits  yaql.Limits
	JinjaLimits jinja.Limits
}

// Key is a key of the datastore that an expression asks for.
type Key struct {
	System  bool   // in the scope of the system; else in that of the user
	Name    string // without the prefix of the scope
	User    string
	Decrypt bool
}

// Evaluator evaluates expressions.
type Evaluator struct {
	options   Options
	functions map[string]function
	names     []string
	yaql      *yaql.Engine
	jinja     *jinja.Env
}

// New returns an evaluator.
func New(o Options) *Evaluator {
	if o.Limits.Expressions == 0 {
		o.Limits.Expressions = 100_000
	}
	if o.Limits.Depth == 0 {
		o.Limits.Depth = 50
	}
	if o.Limits.Text == 0 {
		o.Limits.Text = 64 << 20
	}
	e := &Evaluator{options: o}
	e.functions = e.allFunctions()
	e.names = slices.Sorted(maps.Keys(e.functions))
	more := make([]yaql.Function, 0, len(e.functions))
	filters := map[string]jinja.Filter{}
	for _, name := range e.names {
		f := e.functions[name]
		more = append(more, f.inYaql(name))
		if !f.state {
			filters[name] = f.asFilter(name)
		}
	}
	e.yaql = yaql.New(yaql.Options{Functions: more, Limits: o.YaqlLimits})
	e.jinja = jinja.New(jinja.Options{
		Plain: true, Sandbox: true, Undefined: jinja.Strict,
		Syntax:  &jinja.Syntax{TrimBlocks: true, LstripBlocks: true},
		Filters: filters, Limits: o.JinjaLimits,
	})
	return e
}

// Has reports whether a text has expressions.
func Has(text string) bool { return hasYaql(text) || hasJinja(text) }

// Evaluate returns a statement with all expressions in it evaluated over the
// context of a workflow: those in keys, too. Parts without expressions stay as they
// are. The error is an [*Error].
func (e *Evaluator) Evaluate(ctx context.Context, statement value.Value, data *value.Dict) (value.Value, error) {
	if s, ok := statement.(string); ok && !Has(s) {
		return statement, nil // and not s, which would cost an allocation
	}
	r := e.run(ctx, data)
	return r.tree(statement, 0)
}

// EvaluateText evaluates the expressions of one language in a text.
func (e *Evaluator) EvaluateText(ctx context.Context, language, text string, data *value.Dict) (value.Value, error) {
	r := e.run(ctx, data)
	if language == Jinja {
		return r.jinjaText(text, 0)
	}
	return r.yaqlText(text, 0)
}

// run is one call of Evaluate.
type run struct {
	*Evaluator
	ctx     context.Context //nolint:containedctx // a run lives for one call
	data    *value.Dict     // the context of the workflow
	context *value.Dict     // what functions see
	count   int             // of expressions
}

func (e *Evaluator) run(ctx context.Context, data *value.Dict) *run {
	c := value.NewDictCap(5)
	if data == nil {
		data = value.NewDict()
	}
	c.Set(keyVars, data)
	for _, k := range []string{keyState, keyTask, keyItem} {
		v, _ := data.Get(k)
		c.Set(k, v)
	}
	return &run{Evaluator: e, ctx: ctx, data: data, context: c}
}

// maxNested is how deep a statement may be nested.
const maxNested = 500

// tree evaluates a statement. What has no expressions is not copied.
func (r *run) tree(v value.Value, depth int) (value.Value, error) {
	if depth > maxNested {
		return nil, limitError("depth", "a statement nested deeper than %d levels", maxNested)
	}
	switch v := v.(type) {
	case string:
		switch {
		case hasJinja(v):
			return r.jinjaText(v, 0)
		case hasYaql(v):
			return r.yaqlText(v, 0)
		}
	case *value.List:
		var out []value.Value
		for i, item := range v.Items {
			got, err := r.tree(item, depth+1)
			if err != nil {
				return nil, err
			}
			if out == nil && !unchanged(item, got) {
				out = slices.Clone(v.Items)
			}
			if out != nil {
				out[i] = got
			}
		}
		if out != nil {
			return value.NewList(out...), nil
		}
	case *value.Dict:
		return r.dict(v, depth)
	}
	return v, nil
}

func (r *run) dict(d *value.Dict, depth int) (value.Value, error) {
	out := value.NewDictCap(d.Len())
	changed := false
	for k, item := range d.All() {
		key, err := r.tree(k, depth+1)
		if err != nil {
			return nil, err
		}
		got, err := r.tree(item, depth+1)
		if err != nil {
			return nil, err
		}
		changed = changed || !unchanged(k, key) || !unchanged(item, got)
		if err := out.SetKey(key, got); err != nil {
			return nil, r.failed("", value.Str(k), err)
		}
	}
	if !changed {
		return d, nil
	}
	return out, nil
}

// unchanged reports whether evaluating left v as it was.
func unchanged(was, v value.Value) bool {
	switch was := was.(type) {
	case string:
		s, ok := v.(string)
		return ok && s == was
	case *value.List:
		l, ok := v.(*value.List)
		return ok && l == was
	case *value.Dict:
		d, ok := v.(*value.Dict)
		return ok && d == was
	}
	return true // nothing else is evaluated
}

// next counts an expression.
func (r *run) next(depth int) error {
	if r.count == 0 {
		r.context.Set(keyVisible, visible(r.data))
	}
	if r.count++; r.count > r.options.Limits.Expressions {
		return limitError("expressions", "more than %d expressions", r.options.Limits.Expressions)
	}
	if depth > r.options.Limits.Depth {
		return limitError("depth", "more than %d expressions that come out of each other", r.options.Limits.Depth)
	}
	return nil
}

// put replaces an expression in a text by its value.
func (r *run) put(text, expression string, v value.Value) (string, error) {
	b, err := value.AppendStr(nil, v, r.options.Limits.Text)
	if err != nil {
		return "", err
	}
	if len(text)+strings.Count(text, expression)*len(b) > r.options.Limits.Text {
		return "", limitError("text", "a text of more than %d bytes", r.options.Limits.Text)
	}
	return strings.ReplaceAll(text, expression, string(b)), nil
}
