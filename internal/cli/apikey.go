package cli

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

func (a *app) apiKeys() *cobra.Command {
	r := resource{
		name: "API key", plural: "API keys", article: "an", path: "apikeys", key: "key-or-id",
		columns: []string{"id", "user", "metadata"},
		omit:    []string{"uid", "key_hash", "key"},
		shape: shape{
			order:     []string{"id", "uid", "user", "enabled", "key", "key_hash", "metadata", "created_at"},
			transform: map[string]transformer{"created_at": moment},
		},
	}
	var detail, secrets bool
	list := a.listCommand(r, []filter{{flag: "user", short: "u", local: "user", help: "only those of this user"}},
		func(_ *cobra.Command, q url.Values) error {
			if secrets {
				q.Set("show_secrets", "true")
			}
			return nil
		})
	list.Flags().BoolVarP(&detail, "detail", "d", false, "show all attributes")
	list.Flags().BoolVar(&secrets, "show-secrets", false, "show the hashes, which is for administrators")
	list.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if detail && !cmd.Flags().Changed("attr") {
			return cmd.Flags().Set("attr", all)
		}
		return nil
	}
	return group(
		&cobra.Command{Use: "apikey", Short: "Keys for programs"},
		list, a.getCommand(r), a.apiKeyCreate(r), a.apiKeyLoad(r), a.deleteCommand(r, nil), a.switchCommand(r, true), a.switchCommand(r, false),
	)
}

func (a *app) apiKeyCreate(r resource) *cobra.Command {
	var user, metadata string
	var only bool
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make an API key, which is shown this once",
		Args:  args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			body := value.NewDict()
			if user != "" {
				body.Set("user", user)
			}
			if metadata != "" {
				v, err := value.FromJSON([]byte(metadata))
				if err != nil {
					return fault.Newf(fault.Invalid, "the metadata is no JSON: %v", err)
				}
				body.Set("metadata", v)
			}
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			d, err := s.do(cmd.Context(), http.MethodPost, r.path, body)
			if err != nil {
				return err
			}
			if only {
				return s.print(textOf(d, "key"))
			}
			return s.show(d, []string{all}, r.shape)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&user, "user", "u", "", "for this user; default: you")
	f.StringVarP(&metadata, "metadata", "m", "", "what to remember of it, as a JSON object")
	f.BoolVarP(&only, "only-key", "k", false, "print the key and nothing else")
	return cmd
}

// apiKeyLoad creates keys by their hashes, so that those whom they are with can go on
// using them at another server.
func (a *app) apiKeyLoad(r resource) *cobra.Command {
	return &cobra.Command{
		Use:   "load <file>",
		Short: "Create the API keys that a file of JSON or YAML lists, by their hashes",
		Long: `Create the API keys that a file of JSON or YAML lists, each with user, key_hash and perhaps id, metadata
and enabled, or change those that are there. "apikey list -d --show-secrets -j" writes such a file, and
so does StackStorm's client: the keys go on working. All of the file is checked before the first
is created.`,
		Args: args(1, 1),
		RunE: func(cmd *cobra.Command, names []string) error {
			keys, err := a.hashedKeys(names[0])
			if err != nil {
				return err
			}
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			var loaded []*value.Dict
			for _, key := range keys {
				var d *value.Dict
				err := error(&fault.Fault{Kind: fault.NotFound})
				if id := textOf(key, "id"); id != "" {
					d, err = s.do(cmd.Context(), http.MethodPut, r.path+"/"+seg(id), key)
				}
				if fault.KindOf(err) == fault.NotFound {
					d, err = s.do(cmd.Context(), http.MethodPost, r.path, key)
				}
				if err != nil {
					return fmt.Errorf("API key of %s, after %d that are created: %w", textOf(key, "user"), len(loaded), err)
				}
				loaded = append(loaded, d)
			}
			return s.table(loaded, r.columns, r.shape, nil)
		},
	}
}

// hashedKeys reads the keys of a file, or says all that is wrong with them.
func (a *app) hashedKeys(path string) ([]*value.Dict, error) {
	v, err := a.readValue(path)
	if err != nil {
		return nil, err
	}
	list, ok := v.(*value.List)
	if !ok {
		list = value.NewList(v)
	}
	var keys []*value.Dict
	var wrong []string
	for i, item := range list.Items {
		of, _ := item.(*value.Dict)
		key := value.NewDict()
		for _, name := range []string{"user", "key_hash", "metadata", "enabled", "id"} {
			v, has := value.Value(nil), false
			if of != nil {
				v, has = of.Get(name)
			}
			switch {
			case has && v != nil:
				key.Set(name, v)
			case name == "user" || name == "key_hash":
				wrong = append(wrong, fmt.Sprintf("%s: entry %d has no %s", path, i+1, name))
			}
		}
		keys = append(keys, key)
	}
	if len(wrong) > 0 {
		return nil, &fault.Fault{Kind: fault.Invalid, Msg: strings.Join(wrong, "\n"), Err: errors.New("bad file of API keys")}
	}
	return keys, nil
}
