package chain

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	"github.com/nightshift-run/nightshift/internal/workflow"
)

// Runs reads from the rows of a chain how its tasks have run, in the order in which
// they began. It makes no engine, so it can be asked while the chain is in motion elsewhere.
func Runs(all iter.Seq2[workflow.Row, error]) ([]workflow.Ran, error) {
	var rows []workflow.Row
	for row, err := range all {
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b workflow.Row) int { return cmp.Compare(a.Key, b.Key) })
	var out []workflow.Ran
	at := map[int64]int{} // by the number of the run
	for _, row := range rows {
		if row.Kind != taskRow {
			continue
		}
		var r run
		if err := json.Unmarshal(row.Body, &r); err != nil {
			return nil, fmt.Errorf("read row %s %d: %w", row.Kind, row.Key, err)
		}
		at[row.Key] = len(out)
		out = append(out, workflow.Ran{Task: r.Node, Status: r.Status, Execution: r.Execution})
	}
	for _, row := range rows {
		i, ok := at[row.Key]
		if row.Kind != publishedRow || !ok {
			continue
		}
		var err error
		if out[i].Published, err = dictOf(row.Body); err != nil {
			return nil, fmt.Errorf("read row %s %d: %w", row.Kind, row.Key, err)
		}
	}
	return out, nil
}
