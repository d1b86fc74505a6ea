package orquesta

import (
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/graph"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// What expressions see of the task that they belong to: the rest of the corpus is
// replayed by package spec.
func TestConformanceOrquestaUtilCurrentTask(t *testing.T) {
	conformance.Run(t, "orquesta_util", "testdata/known_util.txt", func(c conformance.Case) error {
		if c.Kind != "set_current_task" {
			return conformance.ErrSkip
		}
		args, err := c.Dict("args")
		if err != nil {
			return err
		}
		given, _ := at(args, "context").(*value.Dict)
		if given == nil {
			given = value.NewDict()
		}
		task := at(args, "task")
		w, err := spec.Parse([]byte("tasks:\n  " + value.Str(at(task, "id")) + ": {}\n"))
		if err != nil {
			return err
		}
		con := newConductor(w, graph.Compose(w), expr.New(expr.Options{}), nil, given)
		con.begin(t.Context())
		p, first := placeOf(task), indexes{{0, 1}}
		seen := con.context(&entry{place: p, in: first}, at(task, "result"))
		if at(task, "result") == nil { // it has not ended, or gave nothing
			q, err := con.renderTask(t.Context(), p, first)
			if err != nil {
				return err
			}
			seen = q.context
		}
		seen.Delete("__state") // how the tasks stand, which is not asked for
		return c.CompareResult(seen)
	})
}
