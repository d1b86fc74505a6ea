package action

import (
	"context"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/kv"
)

// defaultUser is whose keys st2kv.user means when nobody asks.
const defaultUser = "stanley"

// datastore looks keys up for the templates of one set of parameters. It is used
// by one goroutine.
type datastore struct {
	from    Datastore
	decrypt func(ctx context.Context, user, ciphertext string) (string, error)
	other   func(ctx context.Context, name string) (string, error)
	others  int // how many secrets came from elsewhere
	user    string
	known   map[lookupKey]string

	// err is the first look-up that failed. It is no mistake of the template, so
	// it must not be reported as one.
	err error

	// last is the key that was looked up last. Filters are given its value, and
	// what can't be decrypted is to be called by its name.
	last lookupKey
}

type lookupKey struct{ scope, name string }

func newDatastore(env Env) *datastore {
	d := &datastore{from: env.Datastore, decrypt: env.Decrypt, other: env.Elsewhere, user: env.User}
	asks := env.context()
	for _, key := range []string{"user", "api_user"} { // the second goes before the first, even if it is nobody
		if v, ok := asks.Get(key); ok {
			d.user, _ = v.(string)
		}
	}
	if d.user == "" {
		d.user = defaultUser
	}
	return d
}

// st2kv is what stands for st2kv in a template.
func (d *datastore) st2kv() value.Value {
	root := value.NewDictCap(2)
	root.Set("system", d.system())
	root.Set("user", &lookup{in: d, key: lookupKey{scope: kv.User}})
	return root
}

func (d *datastore) system() value.Value { return &lookup{in: d, key: lookupKey{scope: kv.System}} }

func (d *datastore) get(ctx context.Context, key lookupKey) (string, error) {
	if s, ok := d.known[key]; ok {
		return s, nil
	}
	var s string
	if d.from != nil {
		var err error
		if s, _, err = d.from.Get(ctx, key.scope, d.user, key.name); err != nil {
			if d.err == nil && !decided(err) {
				d.err = err
			}
			return "", err
		}
	}
	if d.known == nil {
		d.known = map[lookupKey]string{}
	}
	d.known[key] = s
	return s, nil
}

// decided reports whether a look-up failed because of what was asked for, and by whom: it
// would fail again.
func decided(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.NotFound, fault.Forbidden, fault.Unauthorized:
		return true
	default:
		return false
	}
}

// lookup is st2kv.system, st2kv.user or something below: a key whose name is not
// complete as long as there comes another attribute. It is looked up when its
// text is needed, and a key that does not exist is the empty text.
type lookup struct {
	in  *datastore
	key lookupKey
}

// TypeName implements [value.Object].
func (l *lookup) TypeName() string {
	if l.key.scope == kv.User {
		return "UserKeyValueLookup"
	}
	return "KeyValueLookup"
}

// GetAttr implements [value.Getter].
func (l *lookup) GetAttr(_ context.Context, name string) (value.Value, bool, error) {
	if l.key.name != "" {
		name = l.key.name + "." + name
	}
	return &lookup{in: l.in, key: lookupKey{l.key.scope, name}}, true, nil
}

// GetItem implements [value.Itemer].
func (l *lookup) GetItem(ctx context.Context, key value.Value) (value.Value, bool, error) {
	return l.GetAttr(ctx, value.Str(key))
}

// Force implements [value.Lazy].
func (l *lookup) Force(ctx context.Context) (value.Value, error) {
	if l.key.name == "" {
		return nil, value.KeyError.Errorf("%s is no key: a name must follow it", l.key.scope)
	}
	s, err := l.in.get(ctx, l.key)
	if err != nil {
		return nil, err
	}
	l.in.last = l.key
	return s, nil
}

// decrypted is what the filter decrypt_kv makes of v, the encrypted text.
func (d *datastore) decrypted(ctx context.Context, v value.Value) (value.Value, error) {
	if r, ok := v.(value.Raiser); ok {
		if err := r.Raise(); err != nil {
			return nil, err
		}
	}
	s, ok := text(v)
	switch {
	case !ok:
		return nil, value.TypeError.Errorf("decrypt_kv wants a key of the datastore or a text, not %s", value.TypeName(v))
	case s == "" && d.last.name != "":
		return nil, value.ValueError.Errorf("Referenced datastore item \"%s.%s\" doesn't exist or it contains an empty string", d.last.scope, d.last.name)
	case d.decrypt == nil:
		return nil, value.RuntimeError.Errorf("there is no key to decrypt secrets with")
	}
	return d.decrypt(ctx, d.user, s)
}

// secret is what stands for secret in a template: a function that returns a secret from elsewhere.
func (d *datastore) secret() value.Value {
	return value.NewFunc("secret", func(ctx context.Context, a *value.Args) (value.Value, error) {
		name := make([]value.Value, 1)
		if err := a.Into(name, 1, "name"); err != nil {
			return nil, err
		}
		return d.elsewhere(ctx, name[0])
	})
}

// elsewhere returns the secret of a name. A store that can't be asked is no mistake of the template.
func (d *datastore) elsewhere(ctx context.Context, v value.Value) (value.Value, error) {
	name, ok := text(v)
	switch {
	case !ok:
		return nil, value.TypeError.Errorf("secret wants the name of a secret, not %s", value.TypeName(v))
	case d.other == nil:
		return nil, value.RuntimeError.Errorf("there are no stores of secrets")
	}
	d.others++
	found, err := d.other(ctx, name)
	if err != nil && !decided(err) && d.err == nil {
		d.err = err
	}
	return found, err
}

type datastoreKey struct{}

// withDatastore lets decrypt_kv find the datastore: a filter gets nothing but its
// arguments and the context.
func withDatastore(ctx context.Context, d *datastore) context.Context {
	return context.WithValue(ctx, datastoreKey{}, d)
}

// secretFilter is the filter secret.
func secretFilter(ctx context.Context, in value.Value, a *value.Args) (value.Value, error) {
	if err := a.None(); err != nil {
		return nil, err
	}
	d, ok := ctx.Value(datastoreKey{}).(*datastore)
	if !ok {
		d = &datastore{}
	}
	return d.elsewhere(ctx, in)
}

// decryptKV is the filter decrypt_kv.
func decryptKV(ctx context.Context, in value.Value, a *value.Args) (value.Value, error) {
	if err := a.None(); err != nil {
		return nil, err
	}
	d, ok := ctx.Value(datastoreKey{}).(*datastore)
	if !ok {
		d = &datastore{}
	}
	return d.decrypted(ctx, in)
}
