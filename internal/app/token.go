package app

import (
	"context"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/store"
)

// AdminToken makes a token of the user admin that is good for an hour, for
// whoever runs a server within their own program: tests, measurements and
// demonstrations.
func (a *App) AdminToken(ctx context.Context) (string, error) {
	token, now := access.NewToken(), time.Now()
	t := access.Token{ID: ident.New(now), Hash: access.TokenHash(token), User: "admin", ExpiresAt: now.Add(time.Hour)}
	ctx = store.ByItself(ctx, audit.Record{User: intake.SystemUser, Origin: "the program that the server is a part of"})
	return token, a.Store.Write(ctx, func(tx *store.Tx) error { return tx.InsertToken(ctx, t) })
}
