package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/rbac"
	"github.com/nightshift-run/nightshift/internal/store"
)

// caller is who asks, and how that was recognised.
type caller struct {
	User    string
	Admin   bool
	Groups  []string
	rights  *rights
	Method  string    // what was shown: a token or a key
	Place   string    // where
	Expires time.Time // of a token; zero: never
	Signed  bool      // the token was made for an execution, and is in no ledger
	Pack    string    // whose code runs there
	// Execution is the one that the token was made for.
	Execution string
	hash      string // of a token or a key, as the ledger has it
}

// How and where a caller is recognised, in the words of StackStorm's /user.
const (
	byToken  = "authentication token"
	byKey    = "API key"
	inHeader = "header"
	inQuery  = "query param"
	inCookie = "cookie"
)

const cookieName = "auth-token"

// recognise finds out who asks. The first credentials that are there count, in
// StackStorm's order, be they good or not.
func (c *call) recognise() error {
	credential, method, place := c.credentials()
	who, err := c.owner(credential, method)
	if err != nil {
		return err
	}
	who.Method, who.Place = method, place
	c.who = who
	if place == inCookie {
		// A browser sends cookies along with what other sites make it ask.
		if err := new(http.CrossOriginProtection).Check(c.r); err != nil {
			return &fault.Fault{Kind: fault.Forbidden, Msg: "A request with a cookie must come from a page of this server.", Err: err}
		}
	}
	if method == byToken && place != inCookie {
		c.setCookie(credential, who.Expires)
	}
	return nil
}

// owner returns whom some credentials stand for.
func (c *call) owner(credential, method string) (caller, error) {
	switch {
	case credential == "":
		return caller{}, fault.Newf(fault.Unauthorized, "Unauthorized - One of Token or API key required.")
	case method == byToken:
		return c.tokenOwner(c.ctx(), credential)
	default:
		return c.keyOwner(c.ctx(), credential)
	}
}

// welcome returns the context of a call that goes on for long. It ends when what was shown
// at the beginning is not good any more, or the gate would not open again.
func (c *call) welcome() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(c.ctx())
	credential, method, _ := c.credentials()
	go func() {
		defer cancel()
		look := time.NewTicker(heartbeat)
		defer look.Stop()
		for {
			changed := c.callers.changed()
			who, err := c.owner(credential, method)
			if fault.KindOf(err) == fault.Unauthorized {
				return
			}
			again := &call{API: c.API, route: c.route, w: c.w, r: c.r, who: who}
			if err == nil && c.route.gate.open(again) != nil {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-changed:
			case <-look.C:
			}
		}
	}()
	return ctx, cancel
}

func (c *call) credentials() (credential, method, place string) {
	h := c.r.Header
	if v := h.Get("X-Auth-Token"); v != "" {
		return v, byToken, inHeader
	}
	if v := h.Get("St2-Api-Key"); v != "" {
		return v, byKey, inHeader
	}
	if c.r.URL.RawQuery != "" {
		if v := c.param("x-auth-token"); v != "" {
			return v, byToken, inQuery
		}
		if v := c.param("st2-api-key"); v != "" {
			return v, byKey, inQuery
		}
	}
	if k, err := c.r.Cookie(cookieName); err == nil && k.Value != "" {
		return k.Value, byToken, inCookie
	}
	// Ours: senders such as Alertmanager and Prometheus know no other header.
	if scheme, v, ok := strings.Cut(h.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") && v != "" {
		if access.Signed(v) || len(v) == 32 {
			return v, byToken, inHeader
		}
		return v, byKey, inHeader
	}
	return "", "", ""
}

// setCookie gives a browser the token, because its EventSource can't send headers.
func (c *call) setCookie(token string, expires time.Time) {
	if k, err := c.r.Cookie(cookieName); err == nil && k.Value == token {
		return
	}
	c.putCookie(token, max(1, int(time.Until(expires).Seconds())))
}

// putCookie gives a browser the token for so many seconds, or takes it away. A link from a
// chat to a page brings the cookie along, as Lax has it; what changes something does not,
// and is refused besides when it comes from another site.
func (c *call) putCookie(token string, seconds int) {
	http.SetCookie(c.w, &http.Cookie{
		Name: cookieName, Value: token, Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: c.secure(), SameSite: http.SameSiteLaxMode,
	})
}

// tokenOwner returns whom a token stands for.
func (a *API) tokenOwner(ctx context.Context, token string) (caller, error) {
	now := time.Now()
	refused := fault.Newf(fault.Unauthorized, "Unauthorized - Token is not valid or has expired.")
	if access.Signed(token) {
		if a.Signer == nil {
			return caller{}, refused
		}
		g, ok := a.Signer.Check(token, now)
		if !ok {
			return caller{}, refused
		}
		if g.Execution != "" {
			switch e, err := a.Store.Reader().Execution(ctx, g.Execution); {
			case errors.Is(err, store.ErrNotFound), err == nil && e.Status.Final():
				return caller{}, fault.Newf(fault.Unauthorized, "Unauthorized - Token is not valid any more: its execution is over.")
			case err != nil:
				return caller{}, err
			}
		}
		who := caller{User: g.User, Expires: time.Unix(g.Expires, 0), Signed: true, Pack: g.Pack, Execution: g.Execution}
		if err := a.know(ctx, &who); err != nil {
			return caller{}, err
		}
		return who, nil
	}
	hash := access.TokenHash(token)
	if who, ok := a.callers.get(hash, a.Roles.Policy(), now); ok {
		return who, nil
	}
	t, err := a.Store.Reader().Token(ctx, hash)
	if errors.Is(err, store.ErrNotFound) || err == nil && !now.Before(t.ExpiresAt) {
		return caller{}, refused
	}
	if err != nil {
		return caller{}, err
	}
	who := caller{User: t.User, Expires: t.ExpiresAt, hash: hash}
	if err := a.know(ctx, &who); err != nil {
		return caller{}, err
	}
	a.callers.put(hash, who, now)
	return who, nil
}

// keyOwner returns whom an API key stands for.
func (a *API) keyOwner(ctx context.Context, key string) (caller, error) {
	now := time.Now()
	hash := access.KeyHash(key)
	if who, ok := a.callers.get(hash, a.Roles.Policy(), now); ok {
		return who, nil
	}
	k, err := a.Store.Reader().APIKey(ctx, hash)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && k.Hash != hash:
		return caller{}, fault.Newf(fault.Unauthorized, "Unauthorized - ApiKey with key_hash=%s not found.", hash)
	case err != nil:
		return caller{}, err
	case !k.Enabled:
		return caller{}, fault.Newf(fault.Unauthorized, "Unauthorized - API key is disabled.")
	}
	who := caller{User: k.User, hash: hash}
	if err := a.know(ctx, &who); err != nil {
		return caller{}, err
	}
	a.callers.put(hash, who, now)
	return who, nil
}

// know fills in what the ledger knows of the user that who is, and what follows from
// it: whether it is an admin, the groups, and the rights. A disabled user is nobody, and so is
// one whom their directory knows no more.
func (a *API) know(ctx context.Context, who *caller) error {
	now, policy := time.Now(), a.Roles.Policy()
	if who.User == a.opts.SystemUser {
		who.Admin, who.rights = true, &rights{policy: policy}
		return nil
	}
	key := "user " + who.User
	known, ok := a.callers.get(key, policy, now)
	if !ok {
		u, err := a.Store.Reader().User(ctx, who.User)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if u.Disabled {
			return errDisabled(who.User)
		}
		if !u.LeftAt.IsZero() {
			return errLeft(u)
		}
		u.Name = who.User
		known = caller{User: u.Name, Groups: u.Groups, Admin: a.isAdmin(u, policy), rights: rightsOf(policy, u)}
		a.callers.put(key, known, now)
	}
	who.Admin, who.Groups, who.rights = known.Admin, known.Groups, known.rights
	return nil
}

// isAdmin reports whether a user may do everything: by the ledger, a group, or a role.
func (a *API) isAdmin(u access.User, policy *rbac.Policy) bool {
	return u.Admin || policy != nil && rightsOf(policy, u).Admin() || slices.ContainsFunc(u.Groups, func(g string) bool { return slices.Contains(a.opts.AdminGroups, g) })
}

// What was recognised is good for this long without another look, so that is
// how long another server may still let in whom this one has shut out.
const (
	callerLife = 5 * time.Second
	maxCallers = 10_000
)

// callers remembers who was recognised a moment ago, by the hash of what they
// showed. Only what is good is remembered.
type callers struct {
	mu    sync.Mutex
	known map[string]known // guarded by mu
	next  chan struct{}    // guarded by mu; closed when somebody is forgotten
}

type known struct {
	caller
	until time.Time
}

func newCallers() *callers { return &callers{known: map[string]known{}, next: make(chan struct{})} }

// get returns whom it remembers, unless that was under another policy.
func (c *callers) get(hash string, policy *rbac.Policy, now time.Time) (caller, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.known[hash]
	if !ok || !now.Before(k.until) || k.rights.policy != policy {
		return caller{}, false
	}
	return k.caller, true
}

func (c *callers) put(hash string, who caller, now time.Time) {
	until := now.Add(callerLife)
	if !who.Expires.IsZero() && who.Expires.Before(until) {
		until = who.Expires
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxCallers {
		clear(c.known) // cheaper than to find out which are the oldest, and soon as good as before
	}
	c.known[hash] = known{who, until}
}

// drop forgets one, because it is not good any more.
func (c *callers) drop(hash string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, hash)
	c.tell()
}

// forget forgets all, because a user has changed.
func (c *callers) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.known)
	c.tell()
}

// tell wakes those who wait for somebody to be forgotten; mu is held.
func (c *callers) tell() {
	close(c.next)
	c.next = make(chan struct{})
}

// changed returns a channel that is closed when somebody is forgotten next.
func (c *callers) changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next
}

// admin returns an error unless the caller may do everything.
func (c *call) admin(what string) error {
	if c.who.Admin {
		return nil
	}
	return fault.Newf(fault.Forbidden, "%s takes an administrator, which user %q is not.", what, c.who.User)
}

// secrets reports whether secrets are to be shown: an admin must ask for it.
func (c *call) secrets() (bool, error) {
	show, err := c.flag("show_secrets")
	return show && c.who.Admin, err
}
