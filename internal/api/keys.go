package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/keyring"
	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

func (a *API) keyRoutes() []*route {
	return []*route{
		to("GET", apiService, "/keys", "key_value_pair_list", (*call).listPairs, "List the datastore.").
			gives(http.StatusOK, []wire.Key{}).pages(100).texts("scope", "user", "prefix", "name").asks(decryptParameter()).overall(),
		to("GET", apiService, "/keys/{name...}", "key_value_pair_view", (*call).getPair, "Show an entry of the datastore.").
			gives(http.StatusOK, wire.Key{}).texts("scope", "user").asks(decryptParameter()).guard(onTheEntry, (*call).seesPair),
		to("PUT", apiService, "/keys/{name...}", "key_value_pair_set", (*call).putPair, "Set an entry of the datastore.").takes(keyBody).
			gives(http.StatusOK, wire.Key{}).inside(onTheEntry),
		to("DELETE", apiService, "/keys/{name...}", "key_value_pair_delete", (*call).deletePair, "Delete an entry of the datastore.").
			empties().texts("scope", "user").guard(onTheEntry, (*call).seesPair),
		to("POST", ourService, "/secrets/rotate", "key_value_pair_all", (*call).rotateKeys, "Replace the keys that secrets are sealed with.").
			gives(http.StatusOK, wire.KeyChange{}).admins("A change of the keys of secrets"),
	}
}

// onTheEntry is how it is decided about one entry.
const onTheEntry = "on the entry; everybody has their own"

const keyBody = `{"type": "object", "additionalProperties": false, "properties": {
	"name": {"type": "string"}, "value": {"type": "string", "required": true}, "secret": {"type": "boolean"},
	"encrypted": {"type": "boolean"}, "scope": {"type": "string"}, "user": {"type": "string"},
	"ttl": {"type": "integer", "minimum": 1, "maximum": 3153600000},
	"id": {"type": "string"}, "uid": {"type": "string"}, "expire_timestamp": {"type": "string"}}}`

// scope is which part of the datastore a call is about.
type scope struct {
	scope string // empty: all
	user  string // owner, for the scope of users
}

// scopeOf reads a scope and the user that it is of.
func (c *call) scopeOf(name, user string, allowAll bool) (scope, error) {
	if user != "" && user != c.who.User && !c.who.Admin {
		return scope{}, fault.Newf(fault.Forbidden, "\"user\" attribute can only be provided by admins when RBAC is enabled")
	}
	if name == "" && user != "" {
		name = kv.User // only these have owners
	}
	if name == "all" && allowAll {
		return scope{user: user}, nil
	}
	s, ok := kv.Scope(name)
	if !ok {
		return scope{}, fault.Newf(fault.Invalid, "Scope \"%s\" is not valid; there are system, user%s.",
			shortened(name), map[bool]string{true: " and all"}[allowAll])
	}
	if s != kv.User {
		return scope{scope: s}, nil
	}
	if user == "" {
		user = c.who.User
	}
	return scope{s, user}, nil
}

// pairName is the name of an entry, and where it is.
func (c *call) pairName() (scope, string, error) {
	name := c.part("name")
	if name == "" {
		return scope{}, "", fault.Newf(fault.NotFound, "The resource could not be found.")
	}
	s, err := c.scopeOf(c.param("scope"), c.param("user"), false)
	return s, name, err
}

// seesPair asks for the permission of the route on the entry that the path names.
func (c *call) seesPair() error {
	s, name, err := c.pairName()
	if err != nil {
		return err
	}
	return c.allowOr(noPair(name), pairResource(s.scope, s.user, name))
}

// Secrets seals and opens the secrets of the datastore.
type Secrets interface {
	SealPair(p kv.Pair) kv.Pair
	OpenPair(p kv.Pair) (string, error)
	// Foreign returns the text in a value that comes encrypted, and whether it was p's already.
	Foreign(p kv.Pair, value string) (text string, own bool, err error)
	// Rotate replaces the keys.
	Rotate(ctx context.Context) (keyring.Change, error)
}

// pairView is p on the wire. A secret is shown as it is sealed, or opened to an
// admin who asks for it, to its owner, and to the code of a pack whose classes it
// belongs to.
func (c *call) pairView(p kv.Pair, decrypt bool) (wire.Key, error) {
	k := wire.KeyOf(p)
	if !p.Secret || !decrypt {
		return k, nil
	}
	owner := p.Scope == kv.User && p.User == c.who.User ||
		p.Scope == kv.System && c.who.Pack != "" && strings.HasPrefix(p.Name, c.who.Pack+".")
	if !c.who.Admin && !owner {
		return k, fault.Newf(fault.Forbidden, "Decrypt option requires administrator access")
	}
	var err error
	if k.Value, err = c.Secrets.OpenPair(p); err != nil {
		return k, err
	}
	k.Encrypted = false
	if c.who.Execution == "" {
		return k, nil
	}
	// What the code of an action is given is masked in what comes of it.
	err = c.Store.Write(c.ctx(), func(tx *store.Tx) error { return tx.AddSecrets(c.ctx(), c.who.Execution, []string{k.Value}) })
	if errors.Is(err, store.ErrNotFound) { // a sensor has no execution
		err = nil
	}
	return k, err
}

func (c *call) listPairs() error {
	p, err := c.page(100)
	if err != nil {
		return err
	}
	decrypt, err := c.flag("decrypt")
	if err != nil {
		return err
	}
	s, err := c.scopeOf(c.param("scope"), c.param("user"), true)
	if err != nil {
		return err
	}
	if decrypt && !c.who.Admin && s.scope != kv.User {
		return fault.Newf(fault.Forbidden, "Decrypt option requires administrator access")
	}
	q := store.Keys{Scope: s.scope, Prefix: c.param("prefix"), Name: c.param("name"), Now: time.Now()}
	if s.scope == kv.User || s.scope == "" && s.user != "" {
		q.User = &s.user
	}
	if !c.who.free() {
		q.Keep = func(p kv.Pair) bool { return c.who.may("key_value_pair_view", pairResource(p.Scope, p.User, p.Name)) }
	}
	var found []kv.Pair
	if s.scope == "" && !c.who.Admin {
		found, err = c.visible(q, p)
	} else {
		found, _, err = c.Store.Reader().ListKeys(c.ctx(), q, p.ledger(true))
	}
	if err != nil {
		return err
	}
	out := make([]wire.Key, len(found))
	for i, pair := range found {
		if out[i], err = c.pairView(pair, decrypt); err != nil {
			return err
		}
	}
	return c.json(http.StatusOK, out)
}

// visible lists what a user sees of all scopes: the system's and the user's own.
func (c *call) visible(q store.Keys, p page) ([]kv.Pair, error) {
	window := p.ledger(true)
	var found []kv.Pair
	for _, s := range []scope{{scope: kv.System}, {kv.User, c.who.User}} {
		q.Scope, q.User = s.scope, &s.user
		part, _, err := c.Store.Reader().ListKeys(c.ctx(), q, store.Page{Limit: window.Offset + window.Limit})
		if err != nil {
			return nil, err
		}
		found = append(found, part...)
	}
	found = found[min(window.Offset, len(found)):]
	return found[:min(window.Limit, len(found))], nil
}

func noPair(name string) error {
	return fault.Newf(fault.NotFound, "The key \"%s\" does not exist in the StackStorm datastore.", shortened(name))
}

func (c *call) getPair() error {
	decrypt, err := c.flag("decrypt")
	if err != nil {
		return err
	}
	s, name, err := c.pairName()
	if err != nil {
		return err
	}
	pair, err := c.Store.Reader().Key(c.ctx(), s.scope, s.user, name, time.Now())
	if errors.Is(err, store.ErrNotFound) {
		return noPair(name)
	}
	if err != nil {
		return err
	}
	out, err := c.pairView(pair, decrypt)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, out)
}

func (c *call) putPair() error {
	name := c.part("name")
	var req wire.KeyRequest
	if err := c.into(&req); err != nil {
		return err
	}
	if req.Scope == "" {
		req.Scope = c.param("scope")
	}
	if req.User == "" {
		req.User = c.param("user")
	}
	// The CLI sends users' keys back with the user in front of the name.
	s, err := c.scopeOf(req.Scope, req.User, false)
	if err != nil {
		return err
	}
	if err := c.allow("key_value_pair_set", pairResource(s.scope, s.user, name)); err != nil {
		return err
	}
	if name == "" || strings.ContainsAny(name, "\x00\n") {
		return fault.Newf(fault.Invalid, "%q is no name of a key.", name)
	}
	now := time.Now().UTC()
	plain := kv.Pair{Scope: s.scope, User: s.user, Name: name, Value: req.Value, Secret: req.Secret, UpdatedAt: now}
	if req.Encrypted {
		if plain, err = c.decrypted(plain); err != nil {
			return err
		}
	}
	if req.TTL > 0 {
		plain.ExpiresAt = now.Add(time.Duration(req.TTL) * time.Second)
	}
	pair := c.Secrets.SealPair(plain)
	var old kv.Pair
	var fresh bool
	if err := c.Store.Write(c.ctx(), func(tx *store.Tx) error {
		var err error
		old, err = tx.Key(c.ctx(), s.scope, s.user, name, now)
		if fresh = errors.Is(err, store.ErrNotFound); err != nil && !fresh {
			return err
		}
		return tx.PutKey(c.ctx(), wire.KeyID(pair), pair)
	}); err != nil {
		return err
	}
	c.tellPair(old, plain, fresh)
	return c.json(http.StatusOK, wire.KeyOf(pair))
}

// decrypted returns p, whose value comes encrypted, as the secret that it is. What has been
// encrypted for another entry, or elsewhere, is taken from an admin only: anybody else could have
// seen the encrypted value of a secret, and would read it under a name of their own.
func (c *call) decrypted(p kv.Pair) (kv.Pair, error) {
	text, own, err := c.Secrets.Foreign(p, p.Value)
	if err != nil {
		return p, &fault.Fault{Kind: fault.Invalid, Err: err, Msg: fmt.Sprintf("Failed to verify the integrity of the provided value "+
			"for key \"%s\". Ensure that the value is encrypted with the correct key and not corrupted.", p.Name)}
	}
	if !own {
		if err := c.admin("To set a value that was encrypted elsewhere"); err != nil {
			return p, err
		}
	}
	p.Value, p.Secret = text, true
	return p, nil
}

// tellPair fires the events of a change of the datastore. What was may be sealed.
func (c *call) tellPair(old, now kv.Pair, fresh bool) {
	if fresh {
		c.emit(trigger.KeyCreated, pairEvent(now))
		return
	}
	c.emit(trigger.KeyUpdated, pairEvent(now))
	if was, err := c.Secrets.OpenPair(old); err != nil || was != now.Value {
		both := value.NewDict()
		both.Set("old_object", pairDict(old))
		both.Set("new_object", pairDict(now))
		c.emit(trigger.KeyChanged, both)
	}
}

func pairEvent(p kv.Pair) *value.Dict {
	d := value.NewDict()
	d.Set("object", pairDict(p))
	return d
}

// pairDict is an entry in an event, where secrets have no business.
func pairDict(p kv.Pair) *value.Dict {
	k := wire.KeyOf(p)
	if p.Secret {
		k = k.Masked()
	}
	d := value.NewDict()
	d.Set("uid", k.UID)
	d.Set("scope", k.Scope)
	d.Set("name", k.Name)
	d.Set("value", k.Value)
	d.Set("secret", k.Secret)
	d.Set("encrypted", k.Encrypted)
	if k.User != "" {
		d.Set("user", k.User)
	}
	return d
}

func (c *call) deletePair() error {
	s, name, err := c.pairName()
	if err != nil {
		return err
	}
	var old kv.Pair
	if err := c.Store.Write(c.ctx(), func(tx *store.Tx) error {
		var err error
		if old, err = tx.Key(c.ctx(), s.scope, s.user, name, time.Now()); err != nil {
			return err
		}
		_, err = tx.DeleteKey(c.ctx(), s.scope, s.user, name)
		return err
	}); errors.Is(err, store.ErrNotFound) {
		return noPair(name)
	} else if err != nil {
		return err
	}
	c.emit(trigger.KeyDeleted, pairEvent(old))
	return c.empty()
}

func (c *call) rotateKeys() error {
	done, err := c.Secrets.Rotate(context.WithoutCancel(c.ctx())) // whoever has begun it brings it to its end
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.KeyChange(done))
}

func decryptParameter() Parameter {
	return Parameter{Name: "decrypt", Type: "boolean", Description: "Show secrets decrypted, for admins and of one's own.", Default: false}
}
