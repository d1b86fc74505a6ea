package rule

import (
	"context"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// event is what criteria are asked about: the payload of an event, or an item of
// a list in it.
type event struct {
	ctx     context.Context
	root    string // the name of the payload
	payload value.Value
	env     *Env

	all  *value.Dict // everything that can be named; made when it is needed
	args arguments   // of the operator at work, so that asking allocates nothing
}

// names returns everything that a template or a path can name.
func (e *event) names() *value.Dict {
	if e.all == nil {
		e.all = value.NewDict()
		if e.env.Names != nil {
			e.all.Update(e.env.Names)
		}
		e.all.Set(e.root, e.payload)
	}
	return e.all
}

// lookUp returns the value that the key of the criterion means: the first one if
// there are several, None if there is none.
func (cr *criterion) lookUp(e *event) (value.Value, error) {
	if cr.path != nil {
		found, err := cr.path.Find(e.ctx, e.names())
		if err != nil || len(found) == 0 {
			return nil, err
		}
		return forced(e.ctx, found[0])
	}
	v := e.payload
	if cr.root != e.root {
		if e.env.Names == nil {
			return nil, nil
		}
		v, _ = e.env.Names.Get(cr.root)
	}
	return walk(e.ctx, v, cr.fields)
}

// walk follows a plain path.
func walk(ctx context.Context, v value.Value, fields []string) (value.Value, error) {
	for _, name := range fields {
		switch of := v.(type) {
		case *value.Dict:
			v, _ = of.Get(name)
		case value.Itemer:
			var err error
			if v, _, err = of.GetItem(ctx, name); err != nil {
				return nil, err
			}
		default:
			return nil, nil
		}
	}
	return forced(ctx, v)
}

// forced returns the value that v stands for, if it is looked up lazily.
func forced(ctx context.Context, v value.Value) (value.Value, error) {
	if lazy, ok := v.(value.Lazy); ok {
		return lazy.Force(ctx)
	}
	return v, nil
}
