package cli

import (
	"bytes"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/api/client"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

func (a *app) workflowInspect() *cobra.Command {
	var file, action string
	cmd := &cobra.Command{
		Use:   "inspect [file]",
		Short: "Have a server find all mistakes in a workflow",
		Long: `Have a server find all mistakes in the definition of a workflow. The server knows which actions there are,
and what they take; what it needs no server for, "nightshift workflow check" finds without one.`,
		Example: `  nightshift workflow inspect repair.yaml
  nightshift workflow inspect --action demo.repair`,
		Args: args(0, 1),
		RunE: func(cmd *cobra.Command, words []string) error {
			if len(words) > 0 {
				file = words[0]
			}
			if (file == "") == (action == "") {
				return fault.Newf(fault.Invalid, "name a file or, with --action, an action")
			}
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			d := definition{file: action}
			if action != "" {
				_, err = s.client.Do(cmd.Context(), http.MethodGet, "actions/views/entry_point/"+seg(action), nil, nil, &d.text)
				err = s.advise(err)
			} else {
				d, err = a.definition(file)
			}
			if err != nil {
				return err
			}
			return s.inspect(cmd, d)
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "file with the definition; a dash is standard input")
	cmd.Flags().StringVar(&action, "action", "", "reference of a registered action, whose definition the server has")
	return cmd
}

func (s *session) inspect(cmd *cobra.Command, d definition) error {
	var entries []*value.Dict
	body := client.Raw{Type: "text/plain", Body: bytes.NewReader(d.text)}
	if _, err := s.client.Do(cmd.Context(), http.MethodPost, "workflows/inspect", nil, body, &entries); err != nil {
		return s.advise(err)
	}
	var all []mistake
	for _, e := range entries {
		all = append(all, mistake{findingOf(e), d.file, false})
	}
	return s.tell(all, 1)
}

// findingOf reads a mistake from the answer of a server. That of StackStorm says
// nothing of places.
func findingOf(e *value.Dict) spec.Finding {
	number := func(key string) int {
		v, _ := e.Get(key)
		n, _ := v.(int64)
		return int(n)
	}
	return spec.Finding{
		Category: textOf(e, "type"), Message: textOf(e, "message"), Hint: textOf(e, "hint"),
		Language: textOf(e, "language"), Expression: textOf(e, "expression"),
		SpecPath: textOf(e, "spec_path"), SchemaPath: textOf(e, "schema_path"),
		Line: number("line"), Column: number("column"),
	}
}
