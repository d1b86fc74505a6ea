package action

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/kv"
)

// Names returns what templates outside of parameters can name of env: st2kv, secret and,
// as old packs do, the scopes system and user by themselves. Keys are looked up when a
// template asks for them. The names are for one goroutine.
func Names(env Env) *value.Dict {
	d := newDatastore(env)
	names := value.NewDictCap(4)
	names.Set("st2kv", d.st2kv())
	names.Set("secret", d.secret())
	names.Set("system", &lookup{in: d, key: lookupKey{scope: kv.System}})
	names.Set("user", &lookup{in: d, key: lookupKey{scope: kv.User}})
	return names
}
