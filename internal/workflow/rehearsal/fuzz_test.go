package rehearsal_test

import (
	"context"
	"io/fs"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/workflow/rehearsal"
)

// Whatever a test says, it is played or refused, and each finding has a place.
func FuzzTest(f *testing.F) {
	f.Add("workflow: x\ninputs: {service: a}\nmock_action_executions: [{task_id: look, status: failed}, {task_id: restart, status: pending}]\n", mend)
	f.Add("workflow: x\ninputs: {hosts: [1, 2]}\nmock_action_executions: [{task_id: ping, item_id: 1, status: canceled}]\nexpected_output: {a: [1]}\n", each)
	f.Add("workflow_state: {spec: {spec: {tasks: {a: {}}}}, graph: {nodes: [{id: a}], adjacency: [[]]}, state: {status: failed, contexts: [{}], routes: [[]], "+
		"sequence: [{id: a, route: 0, ctxs: {in: [0]}, status: failed, term: true}], staged: [], tasks: {a__r0: 0}}}\n", "")
	f.Fuzz(func(t *testing.T, test, definition string) {
		if len(test)+len(definition) > 20_000 {
			return
		}
		read, err := rehearsal.Read([]byte(test), func(string) ([]byte, error) { return nil, fs.ErrNotExist })
		var found rehearsal.Findings
		if err == nil {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second) // a cycle may have no end
			defer cancel()
			var report *rehearsal.Report
			if report, err = read.Run(ctx, []byte(definition)); err == nil {
				found = report.Findings
			}
		} else {
			var ok bool
			if found, ok = err.(rehearsal.Findings); !ok || len(found) == 0 { //nolint:errorlint // it is not wrapped
				t.Errorf("refused without findings: %v", err)
			}
		}
		for _, f := range found {
			if f.Line < 1 || f.Column < 1 || f.Msg == "" {
				t.Errorf("finding without a place or a message: %+v", f)
			}
		}
	})
}
