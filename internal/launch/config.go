package launch

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/schema"
	"github.com/nightshift-run/nightshift/internal/secret"
)

// Config returns the configuration of a pack as its code sees it: with the
// defaults of its schema, and with templates rendered on behalf of a user. A
// template that renders to nothing is None, as in StackStorm; what an attribute that
// is secret renders to is decrypted. The pack is given its configuration whatever
// the user may look up: who has written it wants that, and templates of others that name
// it are asked about ([action.Env.GivenConfig]).
func (p *Params) Config(ctx context.Context, ref, user string) (*value.Dict, error) {
	return p.config(ctx, ref, user, nil)
}

// UnitConfig returns the configuration that a sensor is run with.
func (p *Params) UnitConfig(ctx context.Context, u *catalog.Unit, user string) (*value.Dict, error) {
	return p.config(ctx, u.Sensor.Pack, user, u.Config)
}

func (p *Params) config(ctx context.Context, ref, user string, own *value.Dict) (*value.Dict, error) {
	c := p.catalog.Get()
	config, _ := pack.SplitConfig(c.Config(ref), c.ConfigSchema(ref))
	if config == nil {
		config = value.NewDict()
	}
	if own != nil {
		config = config.Clone()
		config.Update(own)
	}
	spec := value.NewDict() // of the whole configuration
	if attributes := c.ConfigSchema(ref); attributes != nil && attributes.Len() > 0 {
		spec.Set("properties", attributes)
		// A schema that is none was told at registration; it fills in nothing.
		if s, err := schema.Compile(schema.AllowNone(schema.ForParameters(attributes, true))); err == nil {
			if filled, ok := s.Fill(config).(*value.Dict); ok {
				config = filled
			}
		}
		config = withDefaults(config, spec).(*value.Dict)
	}
	r := renderer{scope: action.NewScope(action.Env{User: user, Datastore: p, Decrypt: p.Decrypt, Elsewhere: p.Elsewhere}), decrypt: p.Decrypt, user: user, pack: ref}
	v, err := r.render(ctx, config, spec, nil)
	if err == nil {
		err = r.scope.Err(ctx)
	}
	if err != nil {
		return nil, err
	}
	out := v.(*value.Dict)
	if properties, ok := spec.Get("properties"); ok {
		secret.Tell(ctx, schema.SecretTexts(out, schema.SecretParameters(properties.(*value.Dict)))...)
	}
	return out, nil
}

// withDefaults fills in what is not configured below properties that a schema does not
// name: those that fit a pattern, all others, and items.
func withDefaults(v value.Value, spec *value.Dict) value.Value {
	if spec == nil {
		return v
	}
	switch v := v.(type) {
	case *value.Dict:
		out := v.Clone()
		named, _ := spec.Get("properties")
		properties, _ := named.(*value.Dict)
		if properties == nil {
			properties = value.NewDict()
		}
		for name, sub := range properties.Texts() {
			if d, ok := sub.(*value.Dict); ok && !out.Has(name) {
				if def, ok := d.Get("default"); ok {
					out.Set(name, def)
				}
			}
		}
		for name, item := range out.Texts() {
			out.Set(name, withDefaults(item, schema.Below(spec, name)))
		}
		return out
	case *value.List:
		out := make([]value.Value, len(v.Items))
		for i, item := range v.Items {
			out[i] = withDefaults(item, schema.Below(spec, i))
		}
		return value.NewList(out...)
	}
	return v
}

// renderer renders the texts in a configuration, each by itself.
type renderer struct {
	scope   *action.Scope
	decrypt func(ctx context.Context, user, text string) (string, error)
	user    string
	pack    string
}

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

// dynamic renders the template of an attribute.
func (r *renderer) dynamic(ctx context.Context, text string, spec *value.Dict, path []string) (value.Value, error) {
	others := r.scope.Elsewhere()
	v, err := r.text(ctx, text)
	// What is kept elsewhere is not encrypted as what is in the datastore.
	if out, ok := v.(string); ok && err == nil && r.decrypt != nil && isSecret(spec) && r.scope.Elsewhere() == others {
		v, err = r.decrypt(ctx, r.user, out)
	}
	if err != nil {
		return nil, fmt.Errorf("Failed to render dynamic configuration value for key \"%s\" with value \"%s\" for pack \"%s\" config: %w", //nolint:staticcheck // people search for the sentence of StackStorm
			strings.Join(path, "."), text, r.pack, err)
	}
	return v, nil
}

func isSecret(spec *value.Dict) bool {
	if spec == nil {
		return false
	}
	v, _ := spec.Get("secret")
	return value.Truth(v)
}

// render returns v with its templates rendered. What has none is shared.
func (r *renderer) render(ctx context.Context, v value.Value, spec *value.Dict, path []string) (value.Value, error) {
	switch v := v.(type) {
	case string:
		if !strings.Contains(v, "{{") {
			return v, nil
		}
		return r.dynamic(ctx, v, spec, path)
	case *value.List:
		out := make([]value.Value, len(v.Items))
		for i, item := range v.Items {
			var err error
			if out[i], err = r.render(ctx, item, schema.Below(spec, i), append(slices.Clip(path), strconv.Itoa(i))); err != nil {
				return nil, err
			}
		}
		return value.NewList(out...), nil
	case *value.Dict:
		out := value.NewDictCap(v.Len())
		for k, item := range v.All() {
			name := value.Str(k)
			item, err := r.render(ctx, item, schema.Below(spec, name), append(slices.Clip(path), name))
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
