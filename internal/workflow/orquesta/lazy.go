package orquesta

import (
	"context"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// maxFailure is how long a result may be, as JSON, to be shown among the errors.
const maxFailure = 64 << 10

// brief returns a result for the log of errors: one that is too long only by its place.
func brief(v value.Value, child string) value.Value {
	b, err := value.ToJSON(v)
	if err == nil && len(b) <= maxFailure {
		return v
	}
	d := value.NewDict()
	d.Set("execution_id", child)
	d.Set("result_size", int64(len(b)))
	return d
}

// lazy is a result that is read when an expression asks for it.
type lazy struct {
	read func(ctx context.Context) (value.Value, error)
	v    value.Value
	done bool
}

// TypeName implements [value.Object].
func (*lazy) TypeName() string { return "dict" }

// Force implements [value.Lazy].
func (l *lazy) Force(ctx context.Context) (value.Value, error) {
	if l.done {
		return l.v, nil
	}
	v, err := l.read(ctx)
	if err != nil {
		return nil, err
	}
	l.v, l.done = v, true
	return v, nil
}

func lazily(read func(ctx context.Context) (value.Value, error)) value.Value {
	if read == nil {
		return nil
	}
	return &lazy{read: read}
}

// lazyItems is the results of all items: None for one that did not run.
func (e *Engine) lazyItems(x *items) value.Value {
	return &lazy{read: func(ctx context.Context) (value.Value, error) {
		n := len(x.all)
		for e.skipped[x] && n > 0 && x.all[n-1].child == "" {
			n--
		}
		list := &value.List{Items: make([]value.Value, n)}
		for i, it := range x.all[:n] {
			if it.child == "" || !it.status.Final() {
				continue
			}
			var err error
			if list.Items[i], err = e.in.Result(ctx, it.child); err != nil {
				return nil, err
			}
		}
		return list, nil
	}}
}
