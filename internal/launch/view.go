package launch

import (
	"context"
	"strings"

	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/secret"
)

// ConfigScope is the scope under which the configurations of packs are asked for, by the
// names of their packs, where somebody else than the pack names them in a template.
const ConfigScope = "config_context"

// View is what one user sees of the datastore and of the stores of secrets elsewhere, in
// templates and expressions on behalf of that user. It implements [action.Datastore].
type View struct {
	params *Params
	user   string
}

// For returns what a user sees.
func (p *Params) For(user string) View { return View{p, user} }

// may says why the user may not look at an entry or, with open, read what is secret in it.
func (v View) may(ctx context.Context, entry kv.Pair, open bool) error {
	if v.params.MayLookUp == nil {
		return nil
	}
	return v.params.MayLookUp(ctx, v.user, entry, open)
}

// Get returns the value of an entry; owner is whose it is, in the scope of users. A secret
// comes as it is sealed.
func (v View) Get(ctx context.Context, scope, owner, name string) (string, bool, error) {
	pair, ok, err := v.pair(ctx, scope, owner, name)
	return pair.Value, ok, err
}

// Secret returns the text of an entry, decrypted if it is secret.
func (v View) Secret(ctx context.Context, scope, owner, name string) (string, bool, error) {
	pair, ok, err := v.pair(ctx, scope, owner, name)
	if err != nil || !ok || !pair.Encrypted || v.params.Decrypt == nil {
		return pair.Value, ok, err
	}
	text, err := v.Decrypt(ctx, owner, pair.Value)
	return text, err == nil, err
}

// pair returns an entry. One that is locked down is not there.
func (v View) pair(ctx context.Context, scope, owner, name string) (kv.Pair, bool, error) {
	asked := kv.Pair{Scope: scope, Name: name}
	if scope == kv.User {
		asked.User = owner
	}
	switch err := v.may(ctx, asked, false); {
	case fault.KindOf(err) == fault.NotFound:
		return kv.Pair{}, false, nil
	case err != nil:
		return kv.Pair{}, false, err
	}
	return v.params.pair(ctx, scope, owner, name)
}

// Decrypt returns the text in a sealed value, which says itself which entry it is of. What
// comes from StackStorm says nothing of the kind, so it is for administrators.
func (v View) Decrypt(ctx context.Context, owner, text string) (string, error) {
	is, _ := secret.About(text)
	entry, _ := kv.OfAbout(is)
	out, err := v.params.Decrypt(ctx, owner, text)
	if err != nil {
		return "", err
	}
	if err := v.may(ctx, entry, true); err != nil {
		return "", err
	}
	return out, nil
}

// Elsewhere returns a secret that a store outside of the datastore keeps. The store stands
// for the scope of an entry.
func (v View) Elsewhere(ctx context.Context, name string) (string, error) {
	if v.params.Elsewhere == nil {
		return "", fault.Newf(fault.Invalid, "There are no stores of secrets; the setting secrets.stores lists them.")
	}
	store, rest, _ := strings.Cut(name, ":")
	if err := v.may(ctx, kv.Pair{Scope: store, Name: rest}, true); err != nil {
		return "", err
	}
	return v.params.Elsewhere(ctx, name)
}
