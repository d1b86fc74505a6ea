package cli

import (
	"bufio"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

func inquiryResource() resource {
	return resource{
		name: "inquiry", plural: "inquiries", article: "an", path: "inquiries", key: "id", last: true,
		columns: []string{"id", "roles", "users", "route", "ttl"},
		fields:  []string{"id", "roles", "users", "route", "ttl", "schema"},
	}
}

func (a *app) inquiries() *cobra.Command {
	r := inquiryResource()
	return group(
		&cobra.Command{Use: "inquiry", Short: "Questions that wait for an answer"},
		a.listCommand(r, nil, nil), a.getCommand(r), a.inquiryRespond(r),
	)
}

func (a *app) inquiryRespond(r resource) *cobra.Command {
	var response string
	cmd := &cobra.Command{
		Use:   "respond <id>",
		Short: "Answer an inquiry",
		Long: `Answer an inquiry. Without --response you are asked for one property of the answer after the other; what is
written in brackets is taken when you only press Enter.`,
		Example: `  nightshift inquiry respond 6b0c066148bd3bf05fa88f34
  nightshift inquiry respond 6b0c066148bd3bf05fa88f34 -r '{"continue": true}'`,
		Args:              args(1, 1),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, ids []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			id := ids[0]
			body := value.NewDict()
			body.Set("id", id)
			if cmd.Flags().Changed("response") {
				v, err := value.FromJSON([]byte(response))
				if err != nil {
					return fault.Newf(fault.Invalid, "the response is no JSON: %v", err)
				}
				body.Set("response", v)
			} else {
				d, err := s.get(cmd.Context(), r.path+"/"+seg(id), nil)
				if err != nil {
					return named(err, r, id)
				}
				answer, err := (&form{app: a, in: bufio.NewReader(a.In)}).fill(object(d, "schema"))
				if err != nil {
					return fmt.Errorf("answer inquiry %s: %w", id, err)
				}
				body.Set("response", answer)
			}
			d, err := s.do(cmd.Context(), http.MethodPut, r.path+"/"+seg(id), body)
			if err != nil {
				return named(err, r, id)
			}
			if s.machine() {
				return s.encode(d)
			}
			return s.print("Response accepted for inquiry " + id + ".")
		},
	}
	cmd.Flags().StringVarP(&response, "response", "r", "", "the whole answer as JSON, so that nothing is asked")
	return cmd
}
