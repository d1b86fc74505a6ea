package api

import (
	"context"
	"regexp"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/kv"
)

// What templates look up that is not everybody's: the datastore, the configurations of
// packs, and secrets that are kept elsewhere. Rules name the scopes of the datastore also by themselves, as old packs do.
var (
	looksUp       = regexp.MustCompile(`\b(st2kv|decrypt_kv|config_context)\b|(^|[^.\w])secret\b`)
	looksUpInRule = regexp.MustCompile(looksUp.String() + `|(^|[^.\w])(system|user)\s*[.\[|]`)
	// plainLookUp is the one form in which it is plain to see what is looked up.
	plainLookUp = regexp.MustCompile(`\{\{-?\s*st2kv\.(system|user)\.([\w.]+)\s*(\|\s*decrypt_kv\s*)?-?\}\}`)
)

// MayLookUp says why templates and expressions on behalf of a user may not look at an entry
// of the datastore or, with open, read what is secret in it. It is asked when they are
// rendered, with the roles of that moment, whoever has written them.
func (a *API) MayLookUp(ctx context.Context, user string, entry kv.Pair, open bool) error {
	if a.Roles.Policy() == nil {
		return nil
	}
	who := caller{User: user}
	if err := a.know(ctx, &who); err != nil {
		return err
	}
	permission := "key_value_pair_view"
	if open {
		permission = "key_value_pair_all"
	}
	return who.allow(permission, pairResource(entry.Scope, entry.User, entry.Name))
}

// mayLookUp returns why templates that the caller has sent may not be rendered: they look
// up, as odd says, what the caller may not see; st2kv.user are the keys of owner. Those of
// packs may: their authors know what they show.
func (c *call) mayLookUp(v value.Value, owner string, odd *regexp.Regexp) error {
	switch v := v.(type) {
	case string:
		return c.mayRender(v, owner, odd)
	case *value.List:
		for _, item := range v.Items {
			if err := c.mayLookUp(item, owner, odd); err != nil {
				return err
			}
		}
	case *value.Dict:
		if v == nil {
			return nil
		}
		for name, item := range v.Texts() {
			if err := c.mayRender(name, owner, odd); err != nil {
				return err
			}
			if err := c.mayLookUp(item, owner, odd); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *call) mayRender(text, owner string, odd *regexp.Regexp) error {
	if c.who.free() || !strings.Contains(text, "{{") && !strings.Contains(text, "{%") {
		return nil
	}
	for _, m := range plainLookUp.FindAllStringSubmatch(text, -1) {
		r, permission := pairResource(kv.System, "", m[2]), "key_value_pair_view"
		if m[1] == "user" {
			r = pairResource(kv.User, owner, m[2])
		}
		if m[3] != "" {
			permission = "key_value_pair_all"
		}
		if !c.who.may(permission, r) {
			return fault.Newf(fault.Forbidden, "User \"%s\" doesn't have required permission \"%s\" on resource \"%s\"", c.who.User, permission, r.UID)
		}
	}
	// The whole text is looked at, as strings in a template may seem to end it.
	if found := odd.FindString(plainLookUp.ReplaceAllString(text, " ")); found != "" {
		return fault.Newf(fault.Forbidden, "User \"%s\" may look up keys in the form {{ st2kv.system.NAME }} only, and no configurations or secrets: %s",
			c.who.User, strings.TrimSpace(found))
	}
	return nil
}
