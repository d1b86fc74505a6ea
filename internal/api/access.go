package api

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/store"
)

func (a *API) accessRoutes() []*route {
	return []*route{
		to("POST", authService, "/tokens", "", (*call).createToken, "Log in with a password and get a token.").takes(tokenBody).public().
			gives(http.StatusCreated, wire.Token{}),
		to("POST", authService, "/tokens/validate", "", (*call).validateToken, "Say whether a token is good.").changesNothing().takes(validateBody).
			gives(http.StatusOK, wire.TokenValid{}).anybody("who has the token could as well use it"),
		to("DELETE", ourService, "/token", "", (*call).revokeToken, "Take away the token that is shown with the request.").
			empties().anybody("it is their own"),
		to("GET", apiService, "/user", "", (*call).user, "Say who is asking.").
			gives(http.StatusOK, wire.User{}).anybody("it is about themselves"),
		to("GET", apiService, "/apikeys", "api_key_list", (*call).listKeys, "List API keys.").
			gives(http.StatusOK, []wire.APIKey{}).pages(50).masks().overall(),
		to("POST", apiService, "/apikeys", "api_key_create", (*call).createKey, "Make an API key, which is shown once.").takes(apiKeyBody).
			gives(http.StatusCreated, wire.APIKey{}).overall(),
		to("GET", apiService, apiKeyPath, "api_key_view", (*call).getKey, "Show an API key.").
			gives(http.StatusOK, wire.APIKey{}).masks().inside(ownKeys),
		to("PUT", apiService, apiKeyPath, "api_key_modify", (*call).updateKey, "Change an API key.").takes(apiKeyBody).
			gives(http.StatusOK, wire.APIKey{}).inside(ownKeys),
		to("DELETE", apiService, apiKeyPath, "api_key_delete", (*call).deleteKey, "Delete an API key.").
			empties().inside(ownKeys),
	}
}

// ownKeys is how it is decided about one API key.
const ownKeys = "everybody has their own API keys, and administrators all"

// apiKeyPath may have the key itself in it.
const apiKeyPath = "/apikeys/{id}"

const (
	tokenBody = `{"type": "object", "additionalProperties": false, "properties": {
		"ttl": {"type": "integer"}, "user": {"type": "string"}, "metadata": {"type": "object"},
		"impersonate_user": {"type": "string"}, "nickname_origin": {"type": "string"}}}`
	validateBody = `{"type": "object", "additionalProperties": false, "properties": {
		"token": {"type": "string", "required": true}}}`
	apiKeyBody = `{"type": "object", "additionalProperties": false, "properties": {
		"user": {"type": "string"}, "metadata": {"type": "object"}, "enabled": {"type": "boolean"},
		"id": {"type": "string"}, "uid": {"type": "string"}, "key_hash": {"type": "string"}, "key": {"type": "string"},
		"created_at": {"type": "string"}}}`
)

// ttl is how long a new token is good for.
func (c *call) ttl(seconds *int64) (time.Duration, error) {
	if seconds == nil {
		return c.opts.TokenTTL, nil
	}
	most := int64(c.opts.TokenTTL / time.Second)
	switch {
	case *seconds <= 0:
		return 0, fault.Newf(fault.Invalid, "TTL specified %d must be a positive number of seconds.", *seconds)
	case *seconds > most:
		return 0, fault.Newf(fault.Invalid, "TTL specified %d is greater than max allowed %d.", *seconds, most)
	}
	return time.Duration(*seconds) * time.Second, nil
}

func basicAuth(header string) (user, password string, ok bool) {
	scheme, encoded, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", "", false
	}
	user, password, ok = strings.Cut(string(b), ":")
	return user, password, ok && user != ""
}

func (c *call) validateToken() error {
	var req struct {
		Token string `json:"token"`
	}
	if err := c.into(&req); err != nil {
		return err
	}
	_, err := c.tokenOwner(c.ctx(), req.Token)
	if err != nil && fault.KindOf(err) != fault.Unauthorized {
		return err
	}
	return c.json(http.StatusOK, wire.TokenValid{Valid: err == nil})
}

func (c *call) revokeToken() error {
	switch {
	case c.who.Method != byToken:
		return fault.Newf(fault.Invalid, "The request shows no token but an API key. Delete that at /api/v1/apikeys.")
	case c.who.Signed:
		return fault.Newf(fault.Invalid, "The token of an execution ends by itself.")
	}
	if err := c.Store.Write(c.ctx(), func(tx *store.Tx) error { return tx.DeleteToken(c.ctx(), c.who.hash) }); err != nil {
		return err
	}
	c.callers.drop(c.who.hash)
	c.putCookie("", -1)
	return c.empty()
}

func (c *call) user() error {
	u := wire.User{
		Username:       c.who.User,
		Authentication: wire.Authentication{Method: c.who.Method, Location: c.who.Place},
		RBAC:           wire.RBAC{Roles: []string{}, IsAdmin: c.who.Admin},
	}
	if c.who.rights.Rights != nil {
		u.RBAC.Enabled, u.RBAC.Roles = true, c.who.rights.Roles()
	}
	if !c.who.Expires.IsZero() {
		u.Authentication.TokenExpire = wire.TimeOf(c.who.Expires)
	}
	return c.json(http.StatusOK, u)
}

// owned returns the user whose API keys the caller may see; empty: everybody's.
func (c *call) owned() string {
	if c.who.Admin {
		return ""
	}
	return c.who.User
}

func (c *call) listKeys() error {
	p, err := c.page(50)
	if err != nil {
		return err
	}
	keys, total, err := c.Store.Reader().ListAPIKeys(c.ctx(), c.owned(), p.ledger(false))
	if err != nil {
		return err
	}
	show, err := c.secrets()
	if err != nil {
		return err
	}
	out := make([]wire.APIKey, len(keys))
	for i, k := range keys {
		out[i] = keyView(k, show)
	}
	c.count(p, total)
	return c.json(http.StatusOK, out)
}

func keyView(k access.APIKey, show bool) wire.APIKey {
	out := wire.APIKeyOf(k)
	if show {
		out.KeyHash, out.UID = k.Hash, "api_key:"+k.Hash
	}
	return out
}

// key finds an API key by its id or by the key itself.
func (c *call) key() (access.APIKey, error) {
	id := c.part("id")
	k, err := c.Store.Reader().APIKey(c.ctx(), id)
	if errors.Is(err, store.ErrNotFound) {
		k, err = c.Store.Reader().APIKey(c.ctx(), access.KeyHash(id))
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && c.owned() != "" && k.User != c.who.User {
		return k, fault.Newf(fault.NotFound, "ApiKey matching id or key \"%s\" not found.", shownKey(id))
	}
	return k, err
}

func (c *call) getKey() error {
	k, err := c.key()
	if err != nil {
		return err
	}
	show, err := c.secrets()
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, keyView(k, show))
}

// keyRequest is an API key as it is made or changed.
type keyRequest struct {
	User     string          `json:"user"`
	Metadata json.RawMessage `json:"metadata"`
	Enabled  *bool           `json:"enabled"`
	ID       string          `json:"id"`
	KeyHash  string          `json:"key_hash"`
}

func (c *call) createKey() error {
	var req keyRequest
	if err := c.into(&req); err != nil {
		return err
	}
	if req.User == "" {
		req.User = c.who.User
	}
	if req.User != c.who.User {
		if err := c.admin("An API key of another user"); err != nil {
			return err
		}
	}
	now := time.Now().UTC()
	plain := ""
	k := access.APIKey{
		ID: ident.New(now), User: req.User, Metadata: objectJSON(req.Metadata), Enabled: req.Enabled == nil || *req.Enabled,
		CreatedAt: now, Hash: req.KeyHash,
	}
	if req.KeyHash == "" {
		plain = access.NewKey()
		k.Hash = access.KeyHash(plain)
	} else if err := c.imported(&k, req); err != nil {
		return err
	}
	if err := c.Store.Write(c.ctx(), func(tx *store.Tx) error {
		if there, err := tx.APIKey(c.ctx(), k.Hash); err == nil {
			return &fault.Fault{Kind: fault.Conflict, Msg: duplicate, ID: there.ID}
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if there, err := tx.APIKey(c.ctx(), k.ID); err == nil {
			return &fault.Fault{Kind: fault.Conflict, Msg: duplicate, ID: there.ID}
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return tx.PutAPIKey(c.ctx(), k)
	}); err != nil {
		return err
	}
	out := keyView(k, false)
	out.Key = plain
	return c.json(http.StatusCreated, out)
}

const duplicate = "Tried to save duplicate unique keys (E11000 Duplicate Key Error)"

// imported checks a key that comes from another server, by its hash.
func (c *call) imported(k *access.APIKey, req keyRequest) error {
	if err := c.admin("To bring an API key along"); err != nil {
		return err
	}
	if len(req.KeyHash) != 128 || strings.Trim(req.KeyHash, "0123456789abcdef") != "" {
		return fault.Newf(fault.Invalid, "key_hash must be 128 hexadecimal digits: the SHA-512 of the key.")
	}
	if req.ID != "" {
		if !ident.Valid(req.ID) {
			return fault.Newf(fault.Invalid, "id must be 24 hexadecimal digits.")
		}
		k.ID = req.ID
	}
	return nil
}

func (c *call) updateKey() error {
	k, err := c.key()
	if err != nil {
		return err
	}
	var req keyRequest
	if err := c.into(&req); err != nil {
		return err
	}
	if req.KeyHash != "" && req.KeyHash != wire.Mask && req.KeyHash != k.Hash {
		return fault.Newf(fault.Invalid, "Update of key_hash is not allowed.")
	}
	if req.User != "" && req.User != k.User {
		if err := c.admin("To give an API key to another user"); err != nil {
			return err
		}
		k.User = req.User
	}
	if req.Metadata != nil {
		k.Metadata = objectJSON(req.Metadata)
	}
	if req.Enabled != nil {
		k.Enabled = *req.Enabled
	}
	if err := c.Store.Write(c.ctx(), func(tx *store.Tx) error { return tx.PutAPIKey(c.ctx(), k) }); err != nil {
		return err
	}
	c.callers.drop(k.Hash)
	return c.json(http.StatusOK, keyView(k, false))
}

func (c *call) deleteKey() error {
	k, err := c.key()
	if err != nil {
		return err
	}
	if err := c.Store.Write(c.ctx(), func(tx *store.Tx) error {
		_, err := tx.DeleteAPIKey(c.ctx(), k.ID)
		return err
	}); err != nil {
		return err
	}
	c.callers.drop(k.Hash)
	return c.empty()
}

// shownKey is what may be shown of what a client calls an API key: the key itself is a secret.
func shownKey(id string) string {
	if ident.Valid(id) || len(id) < 16 {
		return id
	}
	return wire.Mask
}

// objectJSON is b, or an empty object.
func objectJSON(b json.RawMessage) json.RawMessage {
	if len(b) == 0 || string(b) == "null" {
		return json.RawMessage("{}")
	}
	return b
}

// shortened is a text of a client's that is safe to show: it may be a secret
// in the wrong place, or very long.
func shortened(s string) string {
	const most = 64
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
