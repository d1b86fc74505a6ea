package launch

import (
	"context"
	"fmt"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// Render returns v with the templates in it rendered on behalf of a user. They see
// vars, and the datastore as st2kv. A mistake in a template is a fault of kind
// Invalid; any other error is a look-up that failed.
func (l *Launcher) Render(ctx context.Context, v value.Value, user string, vars *value.Dict) (value.Value, error) {
	mistake := func(err error) error { return &fault.Fault{Kind: fault.Invalid, Msg: err.Error(), Err: err} }
	t, err := action.ParseTemplate(v)
	if err != nil {
		return nil, mistake(err)
	}
	scope := action.NewScope(l.params.envFor(user))
	names := value.NewDict()
	for _, name := range t.Names() {
		if known, ok := vars.Get(name); ok {
			names.Set(name, known)
			continue
		}
		found, ok, err := scope.Name(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("render %s: %w", name, err)
		}
		if ok {
			names.Set(name, found)
		}
	}
	out, err := t.Render(scope.Context(ctx), names)
	if failed := scope.Err(ctx); failed != nil {
		return nil, fmt.Errorf("render: %w", failed)
	}
	if err != nil {
		return nil, mistake(err)
	}
	return out, nil
}
