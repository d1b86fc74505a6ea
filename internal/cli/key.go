package cli

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

func keyResource() resource {
	return resource{
		name: "key", plural: "keys", path: "keys", key: "name", last: true,
		columns: []string{"name", "value", "secret", "encrypted", "scope", "user", "expire_timestamp"},
		fields:  []string{"name", "value", "secret", "encrypted", "scope", "expire_timestamp"},
		shape: shape{transform: map[string]transformer{
			"expire_timestamp": moment,
		}},
	}
}

func (a *app) keys() *cobra.Command {
	r := keyResource()
	return group(
		&cobra.Command{Use: "key", Short: "The datastore that rules and actions read and write"},
		a.keyList(r), a.keyGet(r), a.keySet(r), a.keyDelete(r), a.keyLoad(r), a.keyDeleteByPrefix(r),
	)
}

// keyScope are the flags that say whose keys are meant.
type keyScope struct{ scope, user string }

func (k *keyScope) add(a *app, cmd *cobra.Command, scope string) {
	f := cmd.Flags()
	f.StringVarP(&k.scope, "scope", "s", scope, "whose keys: system or user")
	f.StringVarP(&k.user, "user", "u", "", "in the scope of users: of this one; default: you")
	a.completeFlag(cmd, "scope", cobra.FixedCompletions([]string{"system", "user", all}, cobra.ShellCompDirectiveNoFileComp))
}

func (k *keyScope) query() url.Values {
	q := url.Values{"scope": {k.scope}}
	if k.user != "" {
		q.Set("user", k.user)
	}
	return q
}

func (a *app) keyList(r resource) *cobra.Command {
	var scope keyScope
	var decrypt bool
	cmd := a.listCommand(r, []filter{{flag: "prefix", help: "only those whose names begin so"}},
		func(_ *cobra.Command, q url.Values) error {
			maps.Copy(q, scope.query())
			if decrypt {
				q.Set("decrypt", "true")
			}
			return nil
		})
	scope.add(a, cmd, all)
	cmd.Flags().BoolVarP(&decrypt, "decrypt", "d", false, "show secret values, which is for administrators")
	return cmd
}

func (a *app) keyGet(r resource) *cobra.Command {
	var scope keyScope
	var attrs []string
	var decrypt bool
	cmd := &cobra.Command{
		Use:               "get <name>...",
		Short:             "Show a key",
		Args:              args(1, -1),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, names []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			q := scope.query()
			if decrypt {
				q.Set("decrypt", "true")
			}
			return s.each(names, func(name string) error {
				d, err := s.get(cmd.Context(), r.path+"/"+seg(name), q)
				if err != nil {
					return named(err, r, name)
				}
				return s.show(d, attrs, r.shape)
			})
		},
	}
	scope.add(a, cmd, "system")
	a.addColumns(cmd, &attrs, nil, r.fields)
	cmd.Flags().BoolVarP(&decrypt, "decrypt", "d", false, "show a secret value, which is for administrators")
	return cmd
}

func (a *app) keySet(r resource) *cobra.Command {
	var scope keyScope
	var encrypt, encrypted bool
	var ttl int64
	cmd := &cobra.Command{
		Use:   "set <name> [value]",
		Short: "Set a key",
		Long: `Set a key. Without a value it is read from standard input, or asked for without being shown when it is
to be encrypted: an argument can be seen by everybody on the machine.`,
		Args:              args(1, 2),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, words []string) error {
			v, err := a.keyValue(words[1:], encrypt)
			if err != nil {
				return err
			}
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			body := value.NewDict()
			body.Set("name", words[0])
			body.Set("value", v)
			body.Set("scope", scope.scope)
			if scope.user != "" {
				body.Set("user", scope.user)
			}
			if encrypt || encrypted {
				body.Set("secret", true)
			}
			if encrypted {
				body.Set("encrypted", true)
			}
			if ttl > 0 {
				body.Set("ttl", ttl)
			}
			d, err := s.do(cmd.Context(), http.MethodPut, r.path+"/"+seg(words[0]), body)
			if err != nil {
				return err
			}
			return s.show(d, r.fields, r.shape)
		},
	}
	scope.add(a, cmd, "system")
	f := cmd.Flags()
	f.BoolVarP(&encrypt, "encrypt", "e", false, "keep the value encrypted")
	f.BoolVar(&encrypted, "encrypted", false, "the value is encrypted already, with the key of the server")
	f.Int64VarP(&ttl, "ttl", "l", 0, "seconds after which it is gone; default: never")
	cmd.MarkFlagsMutuallyExclusive("encrypt", "encrypted")
	return cmd
}

// keyValue is the value that a key is set to.
func (a *app) keyValue(words []string, secret bool) (string, error) {
	switch {
	case len(words) > 0:
		return words[0], nil
	case a.InTerminal && secret && a.ReadPassword != nil:
		return a.ask("Value: ")
	case a.InTerminal:
		return "", fault.Newf(fault.Invalid, "the value is missing: give it after the name, or on standard input")
	}
	b, err := io.ReadAll(a.In)
	if err != nil {
		return "", fmt.Errorf("read the value: %w", err)
	}
	return strings.TrimSuffix(string(b), "\n"), nil
}

func (a *app) keyDelete(r resource) *cobra.Command {
	var scope keyScope
	cmd := &cobra.Command{
		Use:               "delete <name>...",
		Aliases:           []string{"rm"},
		Short:             "Delete a key",
		Args:              args(1, -1),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, names []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			return s.each(names, func(name string) error {
				if err := s.client.Delete(cmd.Context(), r.path+"/"+seg(name), scope.query()); err != nil {
					return named(s.advise(err), r, name)
				}
				return s.done("Deleted the key " + name + ".")
			})
		},
	}
	scope.add(a, cmd, "system")
	return cmd
}
