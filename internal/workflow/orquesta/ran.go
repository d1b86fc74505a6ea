package orquesta

import (
	"cmp"
	"encoding/json"
	"iter"
	"slices"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// Runs reads from the rows of a workflow how often each of its tasks has run, and how that
// went, in the order in which they began. It makes no engine, so it can be asked
// while the workflow is in motion elsewhere. It keeps nothing of items but their number.
func Runs(rows iter.Seq2[workflow.Row, error]) ([]workflow.Ran, error) {
	contexts := map[int]*value.Dict{}
	items := map[int64]map[execution.Status]int{} // by their batch
	var entries []workflow.Row
	for r, err := range rows {
		if err != nil {
			return nil, err
		}
		switch r.Kind {
		case rowEntry:
			entries = append(entries, r)
		case rowContext:
			d, err := dictOf(r.Body)
			if err != nil {
				return nil, broken(r, err)
			}
			contexts[int(r.Key)] = d
		case rowItem:
			var item itemRow
			if err := json.Unmarshal(r.Body, &item); err != nil {
				return nil, broken(r, err)
			}
			batch := r.Key >> keyBits
			if items[batch] == nil {
				items[batch] = map[execution.Status]int{}
			}
			items[batch][item.Status]++
		}
	}
	slices.SortFunc(entries, func(a, b workflow.Row) int { return cmp.Compare(a.Key, b.Key) })
	out := make([]workflow.Ran, 0, len(entries))
	for _, r := range entries {
		var e entryRow
		if err := json.Unmarshal(r.Body, &e); err != nil {
			return nil, broken(r, err)
		}
		ran := workflow.Ran{Task: e.Task, Route: e.Route, Status: e.Status, Execution: e.Child}
		if e.Items != nil {
			ran.Execution, ran.Items = "", itemCounts(*e.Items, items[e.Items.Batch])
		}
		if e.Out != "" {
			ran.Published = contexts[e.OutCtx]
		}
		ran.Led = make([]bool, len(e.Next))
		for i := range e.Next {
			ran.Led[i] = e.Next[i] == yes
		}
		out = append(out, ran)
	}
	return out, nil
}

// itemCounts adds those to the items with a row that have none, since they have not begun.
func itemCounts(of itemsRow, known map[execution.Status]int) map[execution.Status]int {
	out := map[execution.Status]int{}
	rest := of.Count
	for status, n := range known {
		out[status] = n
		rest -= n
	}
	if rest += out[unset]; rest > 0 {
		out[unset] = rest
	}
	return out
}
