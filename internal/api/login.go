package api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/identity"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Passwords says whether somebody is who they say.
type Passwords interface {
	// Check returns who somebody is, and the name of the back end that says so. It
	// is [identity.ErrWrong] when none does, and a fault of kind Busy when one that
	// might have can't be asked.
	Check(ctx context.Context, name, password string) (identity.Person, string, error)
}

// OwnUsers is the name of the back end of the users that the ledger has with a password.
const OwnUsers = "own"

// OwnBackend returns that back end.
func OwnBackend(s *store.Store) identity.Member {
	return identity.Member{Name: OwnUsers, AtOnce: 2, Backend: identity.NewOwn(func(ctx context.Context, name string) (access.User, error) {
		u, err := s.Reader().User(ctx, name)
		if errors.Is(err, store.ErrNotFound) {
			return u, identity.ErrUnknown
		}
		return u, err
	})}
}

// loginGrain is what the time of a log-in that fails is a multiple of: how many back ends
// were asked, and how hard their hashes are, would tell who there is.
const loginGrain = 250 * time.Millisecond

// errLogin is the one answer to all that may be wrong with a log-in.
func errLogin() error {
	return fault.Newf(fault.Unauthorized, "Invalid or missing credentials")
}

// tooSoon is a log-in that has to wait.
type tooSoon struct{ wait time.Duration }

func (e *tooSoon) seconds() int { return int(math.Ceil(e.wait.Seconds())) }

func (e *tooSoon) Error() string {
	return fmt.Sprintf("Too many wrong passwords. Try again in %d s.", e.seconds())
}

// checkPassword returns who somebody is, as those say who are asked for passwords. Whoever
// guesses has to wait.
func (c *call) checkPassword(name, password string) (identity.Person, string, error) {
	start, address := time.Now(), c.address()
	if wait := c.throttle.Wait(name, address, start); wait > 0 {
		return identity.Person{}, "", &tooSoon{wait}
	}
	p, source, err := c.Passwords.Check(c.ctx(), name, password)
	if err == nil {
		c.throttle.Right(name, address)
		return p, source, nil
	}
	if errors.Is(err, identity.ErrWrong) {
		c.throttle.Wrong(name, address, time.Now())
		err = errLogin()
	}
	select {
	case <-time.After(loginGrain - time.Since(start)%loginGrain):
	case <-c.ctx().Done():
	}
	return identity.Person{}, "", err
}

// admit takes in somebody whom a back end vouches for, with the groups that it knows, and
// returns the user. knownAs is what they called themselves there.
func (c *call) admit(p identity.Person, source, knownAs string) (access.User, error) {
	if p.Name == c.opts.SystemUser {
		c.Logger.Error("a back end lets somebody in as the server itself; refused", "backend", source, "user", p.Name)
		return access.User{}, fault.Newf(fault.Forbidden, "%q is the server itself, which nobody may log in as.", p.Name)
	}
	u, err := c.Store.Reader().User(c.ctx(), p.Name)
	isNew := errors.Is(err, store.ErrNotFound)
	switch {
	case err != nil && !isNew:
		return u, err
	case source != OwnUsers && u.Password != "":
		c.Logger.Error("a back end lets somebody in by the name of a user of this server; refused", "backend", source, "user", p.Name)
		return u, fault.Newf(fault.Forbidden, "%q is a user of this server, who logs in with the password that it has.", p.Name)
	case u.Disabled:
		return u, errDisabled(p.Name)
	}
	by := store.Admission{Source: source, KnownAs: knownAs, Groups: p.Groups}
	if source == OwnUsers {
		by.Source, by.KnownAs = "", ""
	}
	groups := p.Groups != nil && !slices.Equal(p.Groups, u.Groups)
	if isNew || groups || u.Source != by.Source || u.KnownAs != by.KnownAs || !u.LeftAt.IsZero() {
		u.Name = p.Name
		if groups {
			u.Groups = p.Groups
		}
		if err := c.Store.Write(c.ctx(), func(tx *store.Tx) error { return tx.AdmitUser(c.ctx(), p.Name, by, time.Now()) }); err != nil {
			return u, err
		}
		c.Forget()
	}
	return u, nil
}

// Forget has everybody recognised anew, because somebody has changed in the ledger.
func (a *API) Forget() { a.callers.forget() }

func errLeft(u access.User) error {
	return fault.Newf(fault.Unauthorized, "Unauthorized - %s knows user %q no more.", u.Source, u.Name)
}

func errDisabled(user string) error {
	return fault.Newf(fault.Unauthorized, "Unauthorized - User %q is disabled.", user)
}

// person returns who wants a token, who says so, and what they called themselves: a proxy, or those who are asked for
// passwords.
func (c *call) person() (p identity.Person, source, knownAs string, err error) {
	if p, ok := c.forwarded(); ok {
		// The browser has logged in there, by a cookie that it sends along with what other
		// sites make it ask.
		if err := new(http.CrossOriginProtection).Check(c.r); err != nil {
			return p, "", "", &fault.Fault{Kind: fault.Forbidden, Msg: "A log-in by a proxy must come from a page of this server.", Err: err}
		}
		return p, "proxy", "", nil
	}
	name, password, ok := basicAuth(c.r.Header.Get("Authorization"))
	if !ok {
		return identity.Person{}, "", "", errLogin()
	}
	p, source, err = c.checkPassword(name, password)
	return p, source, name, err
}

func (c *call) createToken() error {
	var req wire.TokenRequest
	if err := c.into(&req); err != nil {
		return err
	}
	ttl, err := c.ttl(req.TTL)
	if err != nil {
		return err
	}
	p, source, knownAs, err := c.person()
	if err != nil {
		return err
	}
	u, err := c.admit(p, source, knownAs)
	if err != nil {
		return err
	}
	owner := u.Name
	if req.User != "" && req.User != owner {
		if !c.isAdmin(u, c.Roles.Policy()) {
			return fault.Newf(fault.Forbidden, "User %q may not have a token of user %q.", owner, req.User)
		}
		owner = req.User
	}
	t, err := c.newToken(owner, ttl, req)
	if err != nil {
		return err
	}
	c.w.Header().Set("X-API-URL", c.base()+"/api")
	return c.json(http.StatusCreated, t)
}

// newToken makes a token of a user.
func (c *call) newToken(user string, ttl time.Duration, req wire.TokenRequest) (wire.Token, error) {
	now := time.Now().UTC()
	text := access.NewToken()
	t := access.Token{ID: ident.New(now), Hash: access.TokenHash(text), User: user, ExpiresAt: now.Add(ttl), Metadata: req.Metadata}
	err := c.Store.Write(c.ctx(), func(tx *store.Tx) error { return tx.InsertToken(c.ctx(), t) })
	c.w.Header().Set("Cache-Control", "no-store")
	return wire.Token{
		User: t.User, Token: text, Expiry: wire.TimeOf(t.ExpiresAt), ID: t.ID, Metadata: objectJSON(t.Metadata),
	}, err
}
