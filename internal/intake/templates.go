package intake

import (
	"context"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/rule"
)

// ParseTemplates returns what reads the templates in the criteria of rules.
func ParseTemplates(env *jinja.Env) func(text string) (rule.Template, error) {
	return func(text string) (rule.Template, error) {
		t, err := env.Parse(text)
		if err != nil {
			return nil, err
		}
		return template{t}, nil
	}
}

// template lets a rule render with names in a dict.
type template struct{ *jinja.Template }

// Render implements [rule.Template].
func (t template) Render(ctx context.Context, names *value.Dict) (string, error) {
	return t.Template.Render(ctx, names)
}

// names are what templates of rules see beside the event.
func (i *Intake) names() *value.Dict {
	return action.Names(action.Env{Datastore: i.datastore, User: i.opts.User})
}

// parameters renders what a rule gives to its action. They are rendered once more when the
// action is launched, with all that the server may see; so templates that were in the event
// stay the texts that they are.
func (i *Intake) parameters(ctx context.Context, r *rule.Rule, payload *value.Dict) (*value.Dict, error) {
	given := r.Action.Parameters
	if given == nil || given.Len() == 0 {
		return nil, nil
	}
	names := i.names()
	names.Set("trigger", payload)
	about := value.NewDict()
	about.Set("id", r.ID)
	about.Set("ref", r.Ref)
	about.Set("name", r.Name)
	about.Set("pack", r.Pack)
	names.Set("rule", about)
	out, err := i.templates.RenderValues(ctx, given, names)
	if err != nil {
		return nil, err
	}
	settled := value.NewDictCap(out.Len())
	for name, rendered := range out.Texts() {
		written, _ := given.Get(name)
		settled.Set(name, action.Settle(written, rendered))
	}
	return settled, nil
}
