package orquesta

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/execution"
)

// again is a task that is to be run again.
type again struct {
	place
	reset bool // items, too, that succeeded
}

// rerun lets a workflow that is over go on: from the tasks that it is asked for, or
// from all that ended it by failing.
func (c *conductor) rerun(asked []again) error {
	if !c.status.Final() {
		return failf("WorkflowIsActiveAndNotRerunableError", "Unable to rerun workflow because it is not in a completed state.")
	}
	resets := map[place]bool{}
	var places []place
	var missing []string
	for _, a := range asked {
		if _, ok := resets[a.place]; !ok {
			places = append(places, a.place)
			if c.latest[a.place] == nil {
				missing = append(missing, fmt.Sprintf("%s|%d", a.task, a.route))
			}
		}
		resets[a.place] = a.reset
	}
	if missing != nil {
		return failf("InvalidTaskRerunRequest",
			"Unable to rerun task|route(s) because it doesn't exist or isn't rerunnable: %s", strings.Join(missing, ", "))
	}
	from := c.candidates(places)
	numbers := make([]int, len(from))
	for i, e := range from {
		numbers[i] = e.n
	}
	c.reruns = append(c.reruns, numbers)
	slices.SortStableFunc(from, func(a, b *entry) int {
		return cmp.Or(strings.Compare(a.task, b.task), cmp.Compare(a.route, b.route))
	})
	for _, e := range from {
		if err := c.rerunTask(c.latest[e.place], resets[e.place]); err != nil {
			return err
		}
	}
	// What ended the workflow and yet leads on goes on by itself.
	for _, e := range c.entries {
		if e.term && slices.Contains(e.next, yes) {
			c.unend(e)
		}
	}
	c.output = nil
	c.dirty.output, c.dirty.head = true, true
	c.status = execution.Resuming
	return nil
}

func (c *conductor) unend(e *entry) {
	if e.term {
		e.term = false
		c.dirty.entry(e)
	}
}

// candidates returns the entries to run again. A task that ran because of another
// one that is asked for, and of nothing else, is left to that one.
func (c *conductor) candidates(places []place) []*entry {
	var all []*entry
	if len(places) == 0 {
		return latestOfEach(c.failed())
	}
	after := c.followers()
	reached := make([]map[int]bool, len(places))
	for i, p := range places {
		reached[i] = reach(c.latest[p], after)
	}
	for i, p := range places {
		keep := len(places) == 1
		for j := range places {
			keep = keep || !subset(reached[i], reached[j])
		}
		if keep {
			all = append(all, c.latest[p])
		}
	}
	return all
}

// failed returns the tasks that ended the workflow by failing. If it was a "fail"
// that did so, they are the tasks that failed before it.
func (c *conductor) failed() []*entry {
	var last, all []*entry
	for _, e := range c.entries {
		if _, is := command(e.task); is || !e.status.Failure() {
			continue
		}
		if e.term {
			last = append(last, e)
		}
		if c.latest[e.place] == e {
			all = append(all, e)
		}
	}
	if len(last) > 0 {
		return last
	}
	return all
}

// latestOfEach keeps the last entry of each place, where the first one stood.
func latestOfEach(all []*entry) []*entry {
	at := map[place]int{}
	var out []*entry
	for _, e := range all {
		if i, ok := at[e.place]; ok {
			out[i] = e
			continue
		}
		at[e.place] = len(out)
		out = append(out, e)
	}
	return out
}

// followers returns for each place the entries that it led to.
func (c *conductor) followers() map[place][]int {
	after := map[place][]int{}
	for _, e := range c.entries {
		for _, before := range e.prev.entries {
			p := c.entries[before].place
			after[p] = append(after[p], e.n)
		}
	}
	return after
}

// reach is an entry and those that its place led to, of which the reference takes
// the next ones only.
func reach(e *entry, after map[place][]int) map[int]bool {
	all := map[int]bool{e.n: true}
	for _, n := range after[e.place] {
		all[n] = true
	}
	return all
}

func subset(a, b map[int]bool) bool {
	for n := range a {
		if !b[n] {
			return false
		}
	}
	return true
}

// rerunTask stages a task again, or those of its items that did not succeed.
func (c *conductor) rerunTask(e *entry, reset bool) error {
	c.unend(e)
	s := c.stage.get(e.place)
	if s != nil && s.completed {
		c.stage.change(s, func() { s.completed = false })
		c.dirty.staged(s)
	}
	c.forget(e.task)
	t := c.spec.Task(e.task)
	after := c.followers()
	switch {
	case t != nil && t.With != nil && s != nil:
		if s.items != nil {
			for i, it := range s.items.all {
				if reset || it.status.Failure() {
					s.items.set(i, unset)
					c.dirty.item(s.items, i)
				}
			}
		}
	default:
		fresh := &entry{place: e.place, n: len(c.entries), in: e.in, prev: e.prev.copy(), next: unknowns(len(e.next))}
		if e.retry != nil {
			again := *e.retry
			again.tally = 0
			fresh.retry = &again
		}
		c.entries = append(c.entries, fresh)
		c.enter(fresh)
		c.dirty.entry(fresh)
		c.add(&staged{place: e.place, in: e.in, prev: e.prev.copy(), ready: true})
	}
	for n := range reach(e, after) {
		c.unend(c.entries[n])
	}
	return nil
}

// forget takes the errors of a task out of the log.
func (c *conductor) forget(task string) {
	before := len(c.errors.list)
	kept := notes{}
	for _, n := range c.errors.list {
		if n.task != task {
			kept.add(n)
		}
	}
	c.errors = kept
	for i := range before {
		c.dirty.errors(i)
	}
}
