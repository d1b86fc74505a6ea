package rule

import (
	"context"

	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// parser returns a function that parses templates as StackStorm's environment does.
func parser() func(text string) (Template, error) {
	env := jinja.New(jinja.Options{})
	return func(text string) (Template, error) {
		t, err := env.Parse(text)
		if err != nil {
			return nil, err
		}
		return rendered{t}, nil
	}
}

type rendered struct{ *jinja.Template }

func (r rendered) Render(ctx context.Context, names *value.Dict) (string, error) {
	return r.Template.Render(ctx, names)
}
