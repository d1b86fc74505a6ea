package cli

import (
	"net/http"
	"net/url"

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
		list, a.getCommand(r), a.apiKeyCreate(r), a.deleteCommand(r, nil), a.switchCommand(r, true), a.switchCommand(r, false),
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
