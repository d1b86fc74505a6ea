package api

import (
	"errors"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/identity"
	"github.com/nightshift-run/nightshift/internal/store"
)

func (a *API) userRoutes() []*route {
	return []*route{
		to("GET", ourService, "/users", "", (*call).listUsers, "List users.").
			gives(http.StatusOK, []wire.Account{}).pages(100).only(minders, (*call).minder),
		to("POST", ourService, "/users", "", (*call).createUser, "Make a user.").takes(newUserBody).
			gives(http.StatusCreated, wire.Account{}).only(minders, (*call).minder),
		to("GET", ourService, "/users/{name}", "", (*call).getUser, "Show a user.").
			gives(http.StatusOK, wire.Account{}).only(minders, (*call).minder),
		to("PUT", ourService, "/users/{name}", "", (*call).updateUser, "Change a user, as far as is said.").takes(userBody).
			gives(http.StatusOK, wire.Account{}).only(minders, (*call).minder),
		to("DELETE", ourService, "/users/{name}", "", (*call).deleteUser, "Delete a user, with all tokens and API keys.").
			empties().only(minders, (*call).minder),
		to("DELETE", ourService, "/users/{name}/credentials", "", (*call).revokeUser, "Take away all tokens and API keys of a user.").
			gives(http.StatusOK, wire.Revoked{}).only(minders, (*call).minder),
		to("PUT", ourService, "/password", "", (*call).changePassword, "Change one's own password.").takes(passwordBody).
			empties().anybody("it is their own, and the old one is asked for"),
	}
}

// minders are who may look after users.
const minders = "administrators, and no execution on behalf of one"

const (
	newUserBody = `{"type": "object", "additionalProperties": false, "properties": {
		"name": {"type": "string", "required": true}, "password": {"type": "string"}, "admin": {"type": "boolean"}}}`
	userBody = `{"type": "object", "additionalProperties": false, "properties": {
		"password": {"type": "string"}, "admin": {"type": "boolean"}, "disabled": {"type": "boolean"}}}`
	passwordBody = `{"type": "object", "additionalProperties": false, "properties": {
		"old": {"type": "string", "required": true}, "new": {"type": "string", "required": true}}}`
)

// How long a password may be: short ones are guessed, and long ones cost time to hash.
const (
	shortestPassword = 8
	longestPassword  = 1024
)

// minder returns an error unless the caller may look after users: an administrator, and
// not an action that runs on behalf of one.
func (c *call) minder() error {
	if c.who.Signed {
		return fault.Newf(fault.Forbidden, "An execution may not look after users.")
	}
	return c.admin("To look after users")
}

// hashed returns the hash of a new password.
func hashed(password string) (string, error) {
	if n := utf8.RuneCountInString(password); n < shortestPassword || len(password) > longestPassword {
		return "", fault.Newf(fault.Invalid, "A password has %d to %d characters.", shortestPassword, longestPassword)
	}
	return access.HashPassword(password), nil
}

func (c *call) listUsers() error {
	p, err := c.page(100)
	if err != nil {
		return err
	}
	users, total, err := c.Store.Reader().ListUsers(c.ctx(), p.ledger(true))
	if err != nil {
		return err
	}
	out := make([]wire.Account, len(users))
	for i, u := range users {
		out[i] = wire.AccountOf(u)
	}
	c.count(p, total)
	return c.json(http.StatusOK, out)
}

// named returns the user whom the path names.
func (c *call) named(r store.Reader) (access.User, error) {
	u, err := r.User(c.ctx(), c.part("name"))
	if errors.Is(err, store.ErrNotFound) {
		err = fault.Newf(fault.NotFound, "There is no user \"%s\".", shortened(c.part("name")))
	}
	return u, err
}

func (c *call) getUser() error {
	u, err := c.named(c.Store.Reader())
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.AccountOf(u))
}

func (c *call) createUser() error {
	var req struct {
		Name     string  `json:"name"`
		Password *string `json:"password"`
		Admin    bool    `json:"admin"`
	}
	if err := c.into(&req); err != nil {
		return err
	}
	u := access.User{Name: req.Name, Admin: req.Admin, CreatedAt: time.Now().UTC()}
	switch {
	case !identity.ValidName(req.Name):
		return fault.Newf(fault.Invalid, "\"%s\" can't be the name of a user.", shortened(req.Name))
	case req.Name == c.opts.SystemUser:
		return fault.Newf(fault.Conflict, "%q is the server itself.", req.Name)
	}
	if req.Password != nil {
		var err error
		if u.Password, err = hashed(*req.Password); err != nil {
			return err
		}
	}
	if err := c.Store.Write(c.ctx(), func(tx *store.Tx) error {
		if _, err := tx.User(c.ctx(), u.Name); !errors.Is(err, store.ErrNotFound) {
			if err == nil {
				err = fault.Newf(fault.Conflict, "There is a user %q already.", u.Name)
			}
			return err
		}
		return tx.PutUser(c.ctx(), u)
	}); err != nil {
		return err
	}
	c.callers.forget()
	return c.json(http.StatusCreated, wire.AccountOf(u))
}

func (c *call) updateUser() error {
	var req struct {
		Password *string `json:"password"`
		Admin    *bool   `json:"admin"`
		Disabled *bool   `json:"disabled"`
	}
	if err := c.into(&req); err != nil {
		return err
	}
	if c.part("name") == c.who.User && (req.Admin != nil && !*req.Admin || req.Disabled != nil && *req.Disabled) {
		return errOneself()
	}
	hash := ""
	if req.Password != nil {
		var err error
		if hash, err = hashed(*req.Password); err != nil {
			return err
		}
	}
	var u access.User
	if err := c.Store.Write(c.ctx(), func(tx *store.Tx) (err error) {
		if u, err = c.named(tx.Reader); err != nil {
			return err
		}
		if req.Admin != nil {
			u.Admin = *req.Admin
		}
		if req.Disabled != nil {
			u.Disabled = *req.Disabled
		}
		if hash != "" {
			u.Password = hash
			if _, err := tx.DeleteTokens(c.ctx(), u.Name, c.who.hash); err != nil {
				return err
			}
		}
		return tx.PutUser(c.ctx(), u)
	}); err != nil {
		return err
	}
	c.callers.forget()
	return c.json(http.StatusOK, wire.AccountOf(u))
}

// errOneself keeps the last administrator from being shut out by mistake.
func errOneself() error {
	return fault.Newf(fault.Conflict, "Nobody shuts themselves out; another administrator may.")
}

func (c *call) deleteUser() error {
	if c.part("name") == c.who.User {
		return errOneself()
	}
	if err := c.Store.Write(c.ctx(), func(tx *store.Tx) error {
		if _, err := c.named(tx.Reader); err != nil {
			return err
		}
		return tx.DeleteUser(c.ctx(), c.part("name"))
	}); err != nil {
		return err
	}
	c.callers.forget()
	return c.empty()
}

// revokeUser works for users whom the ledger does not have, too: API keys may be of
// anybody.
func (c *call) revokeUser() error {
	var out wire.Revoked
	if err := c.Store.Write(c.ctx(), func(tx *store.Tx) (err error) {
		out.Tokens, out.APIKeys, err = tx.Revoke(c.ctx(), c.part("name"))
		return err
	}); err != nil {
		return err
	}
	c.callers.forget()
	return c.json(http.StatusOK, out)
}

func (c *call) changePassword() error {
	var req struct{ Old, New string }
	if err := c.into(&req); err != nil {
		return err
	}
	hash, err := hashed(req.New)
	if err != nil {
		return err
	}
	_, source, err := c.checkPassword(c.who.User, req.Old)
	switch {
	case fault.KindOf(err) == fault.Unauthorized:
		return fault.Newf(fault.Forbidden, "The old password is another one.")
	case err != nil:
		return err
	case source != OwnUsers:
		return fault.Newf(fault.Invalid, "The password of %q is not kept here but by %s. Change it there.", c.who.User, source)
	}
	if err := c.Store.Write(c.ctx(), func(tx *store.Tx) error {
		u, err := tx.User(c.ctx(), c.who.User)
		if err != nil {
			return err
		}
		u.Password = hash
		if _, err := tx.DeleteTokens(c.ctx(), u.Name, c.who.hash); err != nil {
			return err
		}
		return tx.PutUser(c.ctx(), u)
	}); err != nil {
		return err
	}
	c.callers.forget()
	return c.empty()
}
