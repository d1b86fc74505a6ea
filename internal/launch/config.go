package launch

import (
	"context"
	"fmt"
	"strings"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/schema"
)

// Config returns the configuration of a pack as its code sees it: with the
// defaults of its schema, and with templates rendered on behalf of a user. A
// template that renders to nothing is None, as in StackStorm.
func (p *Params) Config(ctx context.Context, pack, user string) (*value.Dict, error) {
	c := p.catalog.Get()
	config := c.Config(pack)
	if config == nil {
		config = value.NewDict()
	}
	if attributes := c.ConfigSchema(pack); attributes != nil && attributes.Len() > 0 {
		// A schema that is none was told at registration; it fills in nothing.
		if s, err := schema.Compile(schema.AllowNone(schema.ForParameters(attributes, true))); err == nil {
			if filled, ok := s.Fill(config).(*value.Dict); ok {
				config = filled
			}
		}
	}
	r := renderer{scope: action.NewScope(action.Env{User: user, Datastore: p})}
	v, err := r.render(ctx, config)
	if err == nil {
		err = r.scope.Err(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("render the configuration of pack %q: %w", pack, err)
	}
	return v.(*value.Dict), nil
}

// renderer renders the texts in a configuration, each by itself.
type renderer struct{ scope *action.Scope }

func (r *renderer) text(ctx context.Context, text string) (value.Value, error) {
	t, err := action.ParseTemplate(text)
	if err != nil {
		return nil, err
	}
	vars := jinja.Map{}
	for _, name := range t.Names() {
		v, ok, err := r.scope.Name(ctx, name)
		if err != nil {
			return nil, err
		}
		if ok {
			vars[name] = v
		}
	}
	out, err := t.Render(r.scope.Context(ctx), vars)
	if err != nil || out == "" {
		return nil, err
	}
	return out, nil
}

// render returns v with its templates rendered. What has none is shared.
func (r *renderer) render(ctx context.Context, v value.Value) (value.Value, error) {
	switch v := v.(type) {
	case string:
		if !strings.Contains(v, "{{") {
			return v, nil
		}
		return r.text(ctx, v)
	case *value.List:
		out := make([]value.Value, len(v.Items))
		for i, item := range v.Items {
			var err error
			if out[i], err = r.render(ctx, item); err != nil {
				return nil, err
			}
		}
		return value.NewList(out...), nil
	case *value.Dict:
		out := value.NewDictCap(v.Len())
		for k, item := range v.All() {
			item, err := r.render(ctx, item)
			if err != nil {
				return nil, err
			}
			if err := out.SetKey(k, item); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}
