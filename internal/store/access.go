package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
)

// PutUser adds u, or writes it over the user of its name, whose groups stay.
func (tx *Tx) PutUser(ctx context.Context, u access.User) error {
	before, err := tx.userBefore(ctx, u.Name)
	if err != nil {
		return err
	}
	_, err = tx.c.Exec(ctx, `
		INSERT INTO users (name, password, admin, disabled, groups, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (name) DO UPDATE SET password = excluded.password, admin = excluded.admin, disabled = excluded.disabled`,
		u.Name, u.Password, u.Admin, u.Disabled, texts(u.Groups), micros(u.CreatedAt))
	if err != nil {
		return fmt.Errorf("put user %s: %w", u.Name, err)
	}
	return tx.change(changedUser, u.Name, auditedUser(before, nil), auditedUser(&u, before))
}

// auditedUser is what is on record of a user, before or after a change.
func auditedUser(u *access.User, before *access.User) any {
	if u == nil {
		return nil
	}
	password := ""
	switch {
	case u.Password == "":
	case before != nil && before.Password != u.Password:
		password = mask + " (another)"
	default:
		password = mask
	}
	out := map[string]any{"admin": u.Admin, "groups": u.Groups, "disabled": u.Disabled, "password": password}
	if !u.LeftAt.IsZero() {
		out["left_at"] = u.LeftAt
	}
	return out
}

// userBefore returns a user who is about to be changed, if that goes on record.
func (tx *Tx) userBefore(ctx context.Context, name string) (*access.User, error) {
	if tx.trail == nil {
		return nil, nil
	}
	u, err := tx.User(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return &u, err
}

// Admission is what a back end says of a user whom it lets in or knows.
type Admission struct {
	Source  string   // the back end; empty: the ledger itself
	KnownAs string   // what the user is called there
	Groups  []string // nil: it knows nothing of groups, and they stay
}

// AdmitUser writes down who let a user in, and takes back that they have left. A user who
// is not known yet is added.
func (tx *Tx) AdmitUser(ctx context.Context, name string, a Admission, now time.Time) error {
	before, err := tx.userBefore(ctx, name)
	if err != nil {
		return err
	}
	_, err = tx.c.Exec(ctx, `
		INSERT INTO users (name, password, admin, groups, created_at, source, known_as) VALUES ($1, '', $2, $3, $4, $5, $6)
		ON CONFLICT (name) DO UPDATE SET source = excluded.source, known_as = excluded.known_as, left_at = 0,
			groups = CASE WHEN $7 = 1 THEN excluded.groups ELSE users.groups END`,
		name, false, texts(a.Groups), micros(now), a.Source, a.KnownAs, a.Groups != nil)
	if err != nil {
		return fmt.Errorf("admit user %s: %w", name, err)
	}
	after := access.User{Name: name, Groups: a.Groups}
	if before != nil {
		after = *before
		after.LeftAt = time.Time{}
		if a.Groups != nil {
			after.Groups = a.Groups
		}
		if slices.Equal(before.Groups, after.Groups) && before.LeftAt.IsZero() {
			return nil
		}
	}
	return tx.change(changedUser, name, auditedUser(before, nil), auditedUser(&after, before))
}

// UserLeft writes down that the back end of a user has known them no more since now. What
// they have stays, and is good for nothing until they are admitted again.
func (tx *Tx) UserLeft(ctx context.Context, name string, now time.Time) error {
	before, err := tx.userBefore(ctx, name)
	if err != nil {
		return err
	}
	if _, err := tx.c.Exec(ctx, `UPDATE users SET left_at = $2 WHERE name = $1`, name, micros(now)); err != nil {
		return fmt.Errorf("user %s has left: %w", name, err)
	}
	if before == nil {
		return nil
	}
	after := *before
	after.LeftAt = now
	return tx.change(changedUser, name, auditedUser(before, nil), auditedUser(&after, before))
}

// texts is the JSON of a list of texts, in which none is an empty list.
func texts(list []string) string {
	if len(list) == 0 {
		return "[]"
	}
	b, err := json.Marshal(list)
	if err != nil {
		panic(err) // texts always have JSON
	}
	return string(b)
}

const userColumns = `name, password, admin, disabled, groups, created_at, source, known_as, left_at`

func scanUser(row scanner) (access.User, error) {
	var u access.User
	var at, left int64
	var groups string
	if err := row.Scan(&u.Name, &u.Password, &u.Admin, &u.Disabled, &groups, &at, &u.Source, &u.KnownAs, &left); err != nil {
		return u, err
	}
	u.CreatedAt, u.LeftAt = fromMicros(at), fromMicros(left)
	if groups != "[]" {
		if err := json.Unmarshal([]byte(groups), &u.Groups); err != nil {
			return u, fmt.Errorf("groups of user %s: %w", u.Name, err)
		}
	}
	return u, nil
}

// User returns one user.
func (r Reader) User(ctx context.Context, name string) (access.User, error) {
	u, err := scanUser(r.c.QueryRow(ctx, `SELECT `+userColumns+` FROM users WHERE name = $1`, name))
	return u, notFound(err, "user %s", name)
}

// ListUsers returns a page of users by their names, and how many there are in all.
func (r Reader) ListUsers(ctx context.Context, p Page) ([]access.User, Total, error) {
	w := &where{}
	total, err := r.count(ctx, "users", w)
	if err != nil {
		return nil, Total{}, err
	}
	tail := w.ordered("name", p)
	rows, err := r.c.Query(ctx, `SELECT `+userColumns+` FROM users`+tail, w.args...)
	out, err := collect(rows, err, func(rows *sql.Rows) (access.User, error) { return scanUser(rows) })
	if err != nil {
		return nil, Total{}, fmt.Errorf("list users: %w", err)
	}
	return out, total, nil
}

// DeleteUser removes a user, and all tokens and API keys that stand for them.
func (tx *Tx) DeleteUser(ctx context.Context, name string) error {
	before, err := tx.userBefore(ctx, name)
	if err != nil {
		return err
	}
	if _, err := tx.c.Exec(ctx, `DELETE FROM users WHERE name = $1`, name); err != nil {
		return fmt.Errorf("delete user %s: %w", name, err)
	}
	if _, _, err := tx.Revoke(ctx, name); err != nil {
		return err
	}
	return tx.change(changedUser, name, auditedUser(before, nil), nil)
}

// Revoke removes all tokens and API keys that stand for a user, and returns how many
// there were of each.
func (tx *Tx) Revoke(ctx context.Context, name string) (tokens, keys int, err error) {
	if tokens, err = tx.DeleteTokens(ctx, name, ""); err != nil {
		return 0, 0, err
	}
	keys, err = tx.affected(tx.c.Exec(ctx, `DELETE FROM api_keys WHERE user_name = $1`, name))
	if err != nil {
		return 0, 0, fmt.Errorf("delete the API keys of user %s: %w", name, err)
	}
	return tokens, keys, tx.change(changedAPIKey, "all of "+name, map[string]any{"count": keys}, nil)
}

// DeleteTokens removes the tokens that stand for a user, but not the one with the hash
// except, and returns how many there were.
func (tx *Tx) DeleteTokens(ctx context.Context, name, except string) (int, error) {
	n, err := tx.affected(tx.c.Exec(ctx, `DELETE FROM tokens WHERE user_name = $1 AND hash <> $2`, name, except))
	if err != nil {
		return 0, fmt.Errorf("delete the tokens of user %s: %w", name, err)
	}
	return n, tx.change(changedToken, "all of "+name, map[string]any{"count": n}, nil)
}

// CountUsers returns how many users there are.
func (r Reader) CountUsers(ctx context.Context) (int, error) {
	var n int
	if err := r.c.QueryRow(ctx, `SELECT count(*) FROM users`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count users: %w", err)
	}
	return n, nil
}

// InsertToken records a token.
func (tx *Tx) InsertToken(ctx context.Context, t access.Token) error {
	_, err := tx.c.Exec(ctx, `
		INSERT INTO tokens (hash, id, user_name, expires_at, service, metadata) VALUES ($1, $2, $3, $4, $5, $6)`,
		t.Hash, t.ID, t.User, micros(t.ExpiresAt), t.Service, object(t.Metadata))
	if err != nil {
		return fmt.Errorf("insert a token of %s: %w", t.User, err)
	}
	return tx.change(changedToken, t.ID, nil, map[string]any{"user": t.User, "expires_at": t.ExpiresAt, "metadata": json.RawMessage(object(t.Metadata))})
}

// DeleteToken takes a token away.
func (tx *Tx) DeleteToken(ctx context.Context, hash string) error {
	var id, user string
	err := tx.c.QueryRow(ctx, `DELETE FROM tokens WHERE hash = $1 RETURNING id, user_name`, hash).Scan(&id, &user)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete a token: %w", err)
	}
	return tx.change(changedToken, id, map[string]any{"user": user}, nil)
}

// Token returns the token of a hash, expired or not.
func (r Reader) Token(ctx context.Context, hash string) (access.Token, error) {
	t := access.Token{Hash: hash}
	var expires int64
	var meta string
	err := r.c.QueryRow(ctx, `
		SELECT id, user_name, expires_at, service, metadata FROM tokens WHERE hash = $1`, hash).
		Scan(&t.ID, &t.User, &expires, &t.Service, &meta)
	t.ExpiresAt, t.Metadata = fromMicros(expires), json.RawMessage(meta)
	return t, notFound(err, "token")
}

// PutAPIKey adds k, or writes it over the key of its id, whose hash and time of
// birth stay.
func (tx *Tx) PutAPIKey(ctx context.Context, k access.APIKey) error {
	before, err := tx.apiKeyBefore(ctx, k.ID)
	if err != nil {
		return err
	}
	_, err = tx.c.Exec(ctx, `
		INSERT INTO api_keys (id, hash, user_name, metadata, enabled, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET user_name = excluded.user_name, metadata = excluded.metadata, enabled = excluded.enabled`,
		k.ID, k.Hash, k.User, object(k.Metadata), k.Enabled, micros(k.CreatedAt))
	if err != nil {
		return fmt.Errorf("put API key %s: %w", k.ID, err)
	}
	return tx.change(changedAPIKey, k.ID, before, auditedAPIKey(k))
}

// auditedAPIKey is what is on record of an API key.
func auditedAPIKey(k access.APIKey) any {
	return map[string]any{"user": k.User, "enabled": k.Enabled, "metadata": json.RawMessage(object(k.Metadata))}
}

// apiKeyBefore returns what goes on record of an API key that is about to be changed.
func (tx *Tx) apiKeyBefore(ctx context.Context, id string) (any, error) {
	if tx.trail == nil {
		return nil, nil
	}
	k, err := tx.APIKey(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return auditedAPIKey(k), err
}

// DeleteAPIKey removes the key of an id, and reports whether it was there.
func (tx *Tx) DeleteAPIKey(ctx context.Context, id string) (bool, error) {
	before, err := tx.apiKeyBefore(ctx, id)
	if err != nil {
		return false, err
	}
	n, err := tx.affected(tx.c.Exec(ctx, `DELETE FROM api_keys WHERE id = $1`, id))
	if err != nil {
		return false, fmt.Errorf("delete API key %s: %w", id, err)
	}
	if n == 0 {
		return false, nil
	}
	return true, tx.change(changedAPIKey, id, before, nil)
}

const apiKeyColumns = `id, hash, user_name, metadata, enabled, created_at`

func scanAPIKey(row scanner) (access.APIKey, error) {
	var k access.APIKey
	var at int64
	var meta string
	err := row.Scan(&k.ID, &k.Hash, &k.User, &meta, &k.Enabled, &at)
	k.CreatedAt, k.Metadata = fromMicros(at), json.RawMessage(meta)
	return k, err
}

// APIKey returns the key of an id or of a hash.
func (r Reader) APIKey(ctx context.Context, idOrHash string) (access.APIKey, error) {
	k, err := scanAPIKey(r.c.QueryRow(ctx, `SELECT `+apiKeyColumns+` FROM api_keys WHERE id = $1 OR hash = $1`, idOrHash))
	return k, notFound(err, "API key")
}

// ListAPIKeys returns a page of keys, oldest first, and how many there are in all.
func (r Reader) ListAPIKeys(ctx context.Context, user string, p Page) ([]access.APIKey, Total, error) {
	w := &where{}
	w.text("user_name", user)
	total, err := r.count(ctx, "api_keys", w)
	if err != nil {
		return nil, Total{}, err
	}
	tail := w.ordered("created_at, id", p)
	rows, err := r.c.Query(ctx, `SELECT `+apiKeyColumns+` FROM api_keys`+tail, w.args...)
	out, err := collect(rows, err, func(rows *sql.Rows) (access.APIKey, error) { return scanAPIKey(rows) })
	if err != nil {
		return nil, Total{}, fmt.Errorf("list API keys: %w", err)
	}
	return out, total, nil
}

// DeleteExpired removes up to limit tokens and as many pairs that are past
// their time at now, and returns how many went.
func (tx *Tx) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	total := 0
	for _, q := range []string{
		`DELETE FROM tokens WHERE hash IN (SELECT hash FROM tokens WHERE expires_at > 0 AND expires_at < $1 LIMIT $2)`,
		`DELETE FROM keys WHERE (scope, user_name, name) IN (
			SELECT scope, user_name, name FROM keys WHERE expires_at > 0 AND expires_at < $1 LIMIT $2)`,
	} {
		n, err := tx.affected(tx.c.Exec(ctx, q, micros(now), limit))
		if err != nil {
			return total, fmt.Errorf("delete what has expired: %w", err)
		}
		total += n
	}
	return total, nil
}

// Setting returns the value of a name that all servers of the ledger share, and
// makes it value when there is none yet.
func (tx *Tx) Setting(ctx context.Context, name, value string) (string, error) {
	_, err := tx.c.Exec(ctx, `INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, value)
	if err != nil {
		return "", fmt.Errorf("set %s: %w", name, err)
	}
	err = tx.c.QueryRow(ctx, `SELECT value FROM settings WHERE name = $1`, name).Scan(&value)
	return value, notFound(err, "setting %s", name)
}

// PutSetting changes the value of a name.
func (tx *Tx) PutSetting(ctx context.Context, name, value string) error {
	if _, err := tx.c.Exec(ctx, `UPDATE settings SET value = $2 WHERE name = $1`, name, value); err != nil {
		return fmt.Errorf("set %s: %w", name, err)
	}
	return nil
}

func (tx *Tx) affected(res sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}
