package orquesta

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// load restores a conductor from its rows.
func (c *conductor) load(rows []workflow.Row) (*engineRow, error) {
	by := map[string][]workflow.Row{}
	for _, r := range rows {
		by[r.Kind] = append(by[r.Kind], r)
	}
	for _, list := range by {
		slices.SortFunc(list, func(a, b workflow.Row) int { return cmp.Compare(a.Key, b.Key) })
	}
	var head headRow
	for _, r := range by[rowHead] {
		if err := json.Unmarshal(r.Body, &head); err != nil {
			return nil, broken(r, err)
		}
	}
	c.stage.number = head.Staged
	c.begun, c.status, c.batches, c.ends, c.reruns = len(by[rowHead]) > 0, head.Status, head.Batches, head.Ends, head.Reruns
	l := loader{c: c, batches: map[int64]*items{}, stages: map[int64]*staged{}}
	for _, part := range []struct {
		kind string
		read func(r workflow.Row) error
	}{
		{rowContext, l.context},
		{rowRoute, l.route},
		{rowEntry, l.entry},
		{rowStaged, l.staged},
		{rowArrival, l.arrival},
		{rowItem, l.item},
		{rowError, func(r workflow.Row) error { return l.note(r, &c.errors) }},
		{rowLog, func(r workflow.Row) error { return l.note(r, &c.log) }},
		{rowOutput, l.output},
	} {
		for _, r := range by[part.kind] {
			if err := part.read(r); err != nil {
				return nil, broken(r, err)
			}
		}
	}
	c.dirty = newDirty()
	return head.Engine, nil
}

func broken(r workflow.Row, err error) error {
	return fmt.Errorf("the %s %d of a workflow can't be read: %w", r.Kind, r.Key, err)
}

type loader struct {
	c       *conductor
	batches map[int64]*items
	stages  map[int64]*staged
}

func dictOf(body []byte) (*value.Dict, error) {
	v, err := value.FromJSON(body)
	if err != nil {
		return nil, err
	}
	d, ok := v.(*value.Dict)
	if !ok {
		return nil, fmt.Errorf("not a mapping but %s", value.TypeName(v))
	}
	return d, nil
}

func (l *loader) context(r workflow.Row) error {
	d, err := dictOf(r.Body)
	if err == nil && r.Key != int64(len(l.c.contexts.all)) {
		err = fmt.Errorf("%d contexts are before it", len(l.c.contexts.all))
	}
	l.c.contexts.add(d)
	return err
}

func (l *loader) route(r workflow.Row) error {
	var steps []string
	err := json.Unmarshal(r.Body, &steps)
	if err == nil && r.Key != int64(len(l.c.routes)) {
		err = fmt.Errorf("%d routes are before it", len(l.c.routes))
	}
	l.c.routes = append(l.c.routes, steps)
	return err
}

func (l *loader) entry(r workflow.Row) error {
	var row entryRow
	if err := json.Unmarshal(r.Body, &row); err != nil {
		return err
	}
	if r.Key != int64(len(l.c.entries)) {
		return fmt.Errorf("%d entries are before it", len(l.c.entries))
	}
	e := &entry{
		place: place{row.Task, row.Route}, n: len(l.c.entries), in: unflat(row.In), out: row.Out, outCtx: row.OutCtx,
		prev: prevFrom(row.Prev), next: []byte(row.Next), status: row.Status, term: row.Term, child: row.Child, ended: row.Ended,
	}
	edges := l.c.graph.Next(row.Task)
	if len(e.next) != len(edges) {
		return fmt.Errorf("task %q leads to %d others, not to %d", row.Task, len(edges), len(e.next))
	}
	var err error
	if e.retry, err = retryFrom(row.Retry); err != nil {
		return err
	}
	if row.Items != nil {
		e.items = l.items(*row.Items)
	}
	for i, edge := range edges {
		if _, join := l.c.graph.Barrier(edge.To); join {
			l.c.countJoin(e, edge.To, e.next[i], 1)
		}
	}
	l.c.entries = append(l.c.entries, e)
	l.c.enter(e)
	return nil
}

func (l *loader) staged(r workflow.Row) error {
	var row stagedRow
	if err := json.Unmarshal(r.Body, &row); err != nil {
		return err
	}
	s := &staged{
		place: place{row.Task, row.Route}, n: r.Key, in: unflat(row.In), prev: prevFrom(row.Prev), ready: row.Ready,
		completed: row.Completed, runOnFail: row.RunOnFail,
	}
	if row.Items != nil {
		s.items = l.items(*row.Items)
	}
	if row.Retry != nil {
		var err error
		if s.retry, err = retryFrom(row.Retry); err != nil {
			return err
		}
		if e := l.c.latest[s.place]; e != nil && e.retry != nil {
			s.retry = e.retry // it is the same
		}
	}
	s.arrivals, s.of = row.Arrivals, row.Of
	l.stages[s.n] = s
	l.c.stage.add(s)
	return nil
}

func (l *loader) arrival(r workflow.Row) error {
	var row arrivalRow
	if err := json.Unmarshal(r.Body, &row); err != nil {
		return err
	}
	s, n := l.stages[r.Key>>keyBits], int(r.Key&(1<<keyBits-1))
	if s == nil {
		return fmt.Errorf("nothing is staged that it could have come to")
	}
	if n < s.arrivals {
		return nil // the whole was written since
	}
	s.arrivals = n + 1
	s.in = s.in.and(unflat(row.In))
	s.prev.set(row.From, row.Entry)
	return nil
}

func (l *loader) items(row itemsRow) *items {
	x := l.batches[row.Batch]
	if x == nil {
		x = newItems(row.Batch, row.Count)
		l.batches[row.Batch] = x
	}
	return x
}

func (l *loader) item(r workflow.Row) error {
	var row itemRow
	if err := json.Unmarshal(r.Body, &row); err != nil {
		return err
	}
	x, n := l.batches[r.Key>>keyBits], int(r.Key&(1<<keyBits-1))
	if x == nil {
		return nil // of a task that has been staged anew since
	}
	if n >= len(x.all) {
		return fmt.Errorf("there are %d items", len(x.all))
	}
	x.set(n, row.Status)
	x.all[n].child = row.Child
	return nil
}

func (l *loader) note(r workflow.Row, to *notes) error {
	var row noteRow
	if err := json.Unmarshal(r.Body, &row); err != nil {
		return err
	}
	n := note{kind: row.Type, message: row.Message, task: row.Task, route: row.Route, transition: row.Transition, path: row.Path}
	for _, part := range []struct {
		raw json.RawMessage
		to  *value.Value
	}{{row.Result, &n.result}, {row.Data, &n.data}} {
		if part.raw != nil {
			v, err := value.FromJSON(part.raw)
			if err != nil {
				return err
			}
			*part.to = v
		}
	}
	to.add(n)
	return nil
}

func (l *loader) output(r workflow.Row) error {
	var err error
	l.c.output, err = dictOf(r.Body)
	return err
}

func prevFrom(row *prevRow) *backrefs {
	if row == nil {
		return &backrefs{}
	}
	return &backrefs{names: row.Names, entries: row.Entries}
}

func retryFrom(row *retryRow) (*retry, error) {
	if row == nil {
		return nil, nil //nolint:nilnil // a task without one
	}
	r := &retry{when: row.When, noDelay: row.NoDelay, tally: row.Tally}
	var err error
	if r.count, err = value.FromJSON(row.Count); err != nil {
		return nil, err
	}
	if row.Delay != nil {
		r.delay, err = value.FromJSON(row.Delay)
	}
	return r, err
}
