package expr

import (
	"context"
	"strconv"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// jinjaVars are the variables that Jinja sees: the context, and all functions bound
// to it.
type jinjaVars struct{ *run }

// Get implements [jinja.Vars].
func (v jinjaVars) Get(name string) (value.Value, bool) {
	if f, ok := v.functions[name]; ok {
		return value.NewFunc(name, func(ctx context.Context, a *value.Args) (value.Value, error) {
			return f.call(ctx, name, v.context, a)
		}), true
	}
	return v.context.Get(name)
}

// Names returns the names of the functions, for messages.
func (v jinjaVars) Names() []string { return v.names }

// jinjaText evaluates a text in Jinja. Raw blocks are set aside until the rest is
// evaluated.
func (r *run) jinjaText(text string, depth int) (value.Value, error) {
	raw := find(text, "{% raw %}", "{% endraw %}")
	for i, block := range raw {
		text = strings.ReplaceAll(text, block, "{"+strconv.Itoa(i)+"}")
	}
	v, err := r.expand(text, depth)
	if err != nil {
		return nil, err
	}
	s, ok := v.(string)
	if !ok {
		return v, nil
	}
	if left := findJinja(s); len(left) > 0 {
		for i := range left {
			left[i] = stripJinja(left[i])
		}
		e := errorf(JinjaError, "There are unresolved variables: %s", strings.Join(left, ", "))
		e.Expression = text
		return nil, e
	}
	if len(raw) == 0 {
		return s, nil
	}
	for i, block := range raw {
		s = strings.ReplaceAll(s, "{"+strconv.Itoa(i)+"}", block)
	}
	out, err := r.jinja.Render(r.ctx, s, jinjaVars{r})
	if err != nil {
		return nil, r.failed(JinjaError, s, err)
	}
	return out, nil
}

// expand evaluates the expressions in a text, or the whole text if it has blocks,
// and again what comes out. What is undefined stays as it is written.
func (r *run) expand(text string, depth int) (value.Value, error) {
	if len(findBlocks(text)) > 0 {
		v, err := r.block(text, depth)
		if err != nil {
			return nil, r.failed(JinjaError, text, err)
		}
		return v, nil
	}
	expressions := findJinja(text)
	var output value.Value = text
	for _, x := range expressions {
		v, err := r.jinjaOne(x, depth)
		if _, undefined := v.(*jinja.Undefined); undefined && err == nil {
			continue
		}
		if err == nil {
			if s, isText := output.(string); isText && (len(expressions) > 1 || len(s) > len(x)) {
				output, err = r.put(s, x, v)
			} else {
				output = v
			}
		}
		if err != nil {
			return nil, r.failed(JinjaError, x, err)
		}
	}
	return output, nil
}

func (r *run) block(text string, depth int) (value.Value, error) {
	if err := r.next(depth); err != nil {
		return nil, err
	}
	out, err := r.jinja.Render(r.ctx, text, jinjaVars{r})
	if err != nil {
		return nil, err
	}
	return r.expand(out, depth+1)
}

func (r *run) jinjaOne(x string, depth int) (value.Value, error) {
	if err := r.next(depth); err != nil {
		return nil, err
	}
	parsed, err := r.jinja.Expr(stripJinja(x))
	if err != nil {
		return nil, err
	}
	v, err := parsed.EvalRaw(r.ctx, jinjaVars{r})
	if err != nil {
		return nil, err
	}
	switch g := v.(type) {
	case *value.Generator:
		items, err := value.NewItems(r.ctx, g)
		return value.NewList(items...), err
	case string:
		if hasJinja(g) {
			return r.expand(g, depth+1)
		}
	}
	return v, nil
}
