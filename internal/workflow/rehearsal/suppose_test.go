package rehearsal_test

import (
	"testing"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/workflow/orquesta"
	"github.com/nightshift-run/nightshift/internal/workflow/rehearsal"
)

func TestSupposedResultsHaveTheFormOfRealOnes(t *testing.T) {
	parse := func(text string) *value.Dict {
		v, err := value.FromJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return v.(*value.Dict)
	}
	var types []*action.RunnerType
	for _, r := range runner.Types(nil, nil) {
		types = append(types, &r)
	}
	const command = `{"stdout": "", "stderr": "", "return_code": 1, "succeeded": false, "failed": true}`
	for _, tt := range []struct {
		runner, output, input, want string
	}{
		{"local-shell-cmd", ``, `{}`, command},
		{"winrm-ps-cmd", ``, `{}`, command},
		{"remote-shell-script", ``, `{"hosts": "a, b"}`, `{"a": ` + command + `, "b": ` + command + `}`},
		{"remote-shell-script", ``, `{}`, `{}`},
		{"python-script", ``, `{}`, `{"result": null, "stderr": "", "stdout": "", "exit_code": 0}`},
		{"python-script", `{"type": "object", "properties": {"ips": {"type": "array"}}}`, `{}`, `{"result": {"ips": []}, "stderr": "", "stdout": "", "exit_code": 0}`},
		{"python-script", `{"ip": {"type": "string"}}`, `{}`, `{"result": {"ip": ""}, "stderr": "", "stdout": "", "exit_code": 0}`},
		{"http-request", `{"type": "object", "properties": {"id": {"type": "integer"}}}`, `{}`, `{"status_code": 0, "body": {"id": 0}, "parsed": false, "headers": {}}`},
	} {
		a := &action.Action{Ref: "p.a", Name: "a", Pack: "p", RunnerType: tt.runner, Enabled: true}
		if tt.output != "" {
			a.OutputSchema = parse(tt.output)
		}
		suppose := rehearsal.Suppose(execution.Failed, catalog.New(catalog.Source{Runners: types, Actions: []*action.Action{a}}))
		status, got, ended := suppose(orquesta.Call{Action: "p.a", Input: parse(tt.input)})
		if status != execution.Failed || !ended {
			t.Errorf("%s: %s, %v", tt.runner, status, ended)
		}
		if !value.Equal(got, parse(tt.want)) {
			t.Errorf("%s with %s: got %v, want %s", tt.runner, tt.output, got, tt.want)
		}
	}
}
