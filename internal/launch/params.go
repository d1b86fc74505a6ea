package launch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Params gives parameters what their templates look up: the datastore, the
// configuration of the pack, the context of the execution.
type Params struct {
	// Decrypt returns the text of a secret for a user: for the filter decrypt_kv, the function
	// st2kv, and secret attributes of configurations. Nil: there is no key to do it with.
	Decrypt func(ctx context.Context, user, text string) (string, error)
	// Elsewhere returns a secret that is kept outside of the datastore, for the function secret. Nil:
	// there are none.
	Elsewhere func(ctx context.Context, name string) (string, error)
	// MayLookUp says why a user may not look at an entry of the datastore or, with open, read
	// what is secret in it. A secret elsewhere has its store as scope, the configuration of a
	// pack [ConfigScope]. A fault of kind NotFound says that it is not there for that user.
	// Nil: everybody may look up everything.
	MayLookUp func(ctx context.Context, user string, entry kv.Pair, open bool) error

	store   *store.Store
	catalog *catalog.Holder
}

// NewParams returns the parameters' view of a server.
func NewParams(s *store.Store, c *catalog.Holder) *Params { return &Params{store: s, catalog: c} }

// Final returns the parameters that e's runner and action see, rendered now,
// right before the run. What secrets that took is among the secrets of e afterwards.
func (p *Params) Final(ctx context.Context, a *catalog.Action, e *execution.Execution) (runner, action *value.Dict, err error) {
	live, err := value.FromJSON(e.Parameters)
	if err != nil {
		return nil, nil, fmt.Errorf("read the parameters of execution %s: %w", e.ID, err)
	}
	d, ok := live.(*value.Dict)
	if !ok {
		return nil, nil, fmt.Errorf("the parameters of execution %s are no object", e.ID)
	}
	ctx, opened := secret.Listen(ctx)
	runner, action, err = a.Params.Final(ctx, d, p.env(e))
	if err == nil {
		secret.Tell(ctx, a.Params.Secrets(runner)...)
		secret.Tell(ctx, a.Params.Secrets(action)...)
	}
	e.Secrets = secret.Union(e.Secrets, opened.Texts())
	return runner, action, err
}

// Templates returns what templates on behalf of e look up.
func (p *Params) Templates(e *execution.Execution) action.Env { return p.env(e) }

func (p *Params) env(e *execution.Execution) action.Env {
	env := p.envFor(e.Context.User)
	env.Context = sync.OnceValue(func() *value.Dict { return contextDict(e) })
	env.Config = func(ctx context.Context) (*value.Dict, error) { return p.Config(ctx, e.Context.Pack, e.Context.User) }
	env.GivenConfig = func(ctx context.Context) error {
		return p.For(e.Context.User).may(ctx, kv.Pair{Scope: ConfigScope, Name: e.Context.Pack}, true)
	}
	return env
}

// envFor is what templates on behalf of a user look up, be it for an execution or not.
func (p *Params) envFor(user string) action.Env {
	see := p.For(user)
	env := action.Env{User: user, Datastore: see, Elsewhere: see.Elsewhere}
	if p.Decrypt != nil {
		env.Decrypt = see.Decrypt
	}
	return env
}

// Get implements [action.Datastore] for the server itself, which sees everything. A secret
// comes as it is sealed.
func (p *Params) Get(ctx context.Context, scope, user, name string) (string, bool, error) {
	pair, ok, err := p.pair(ctx, scope, user, name)
	return pair.Value, ok, err
}

func (p *Params) pair(ctx context.Context, scope, user, name string) (kv.Pair, bool, error) {
	if scope != kv.User {
		user = "" // keys of the system are nobody's
	}
	pair, err := p.store.Reader().Key(ctx, scope, user, name, time.Now())
	if errors.Is(err, store.ErrNotFound) {
		return kv.Pair{}, false, nil
	}
	return pair, err == nil, err
}

// contextDict is action_context: what templates see of an execution's context.
func contextDict(e *execution.Execution) *value.Dict {
	b, err := e.Context.MarshalJSON()
	if err == nil {
		if v, err := value.FromJSON(b); err == nil {
			if d, ok := v.(*value.Dict); ok {
				return d
			}
		}
	}
	return value.NewDict()
}
