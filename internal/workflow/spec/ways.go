package spec

import (
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// The bounds of the search for variables. Up to the first, ways are gone one by one;
// from there on, what comes to a task before it is looked at is taken together, with
// the variables that all of it has; beyond the second, nothing more is looked at.
const (
	waysOneByOne = 1_000_000
	waysAtAll    = 50_000_000
)

// taskUses is all that the expressions of a task use.
type taskUses struct {
	own         []step
	transitions [][]step
	undo        []step
}

// way is a task that is come to, with the variables that it is come to with. The
// variables of a join are those that all ways to it brought along.
type way struct {
	task string
	vars *idset
}

// tasks looks at all tasks that can be reached, and returns what has a value
// somewhere in them.
func (c *contextSearch) tasks(vars *idset) *idset {
	var (
		rolling   = vars
		queue     []*way
		pending   = map[string]*way{}   // that are in the queue, the last of each task
		joined    = map[string]*idset{} // what has come to a join
		last      = map[string]*idset{} // with which a task was put into the queue
		traversed = map[string]bool{}
	)
	push := func(name string, vars *idset) {
		w := &way{name, vars}
		pending[name] = w
		queue = append(queue, w)
	}
	for _, name := range c.w.Start() {
		push(name, vars)
	}
	for len(queue) > 0 && c.sets.steps < waysAtAll {
		at := queue[0]
		queue = queue[1:]
		traversed[at.task] = true
		if pending[at.task] == at {
			delete(pending, at.task)
		}
		vars := at.vars
		if vars == nil {
			vars = joined[at.task]
		}
		rolling = c.sets.union(rolling, vars)
		t := c.w.Task(at.task)
		if t == nil {
			continue
		}
		uses := c.usesOfTask(t)
		c.assign(uses.own, vars)
		after := vars // and all that a transition may have published
		for n, tr := range t.Transitions {
			published := c.assign(uses.transitions[n], vars)
			after = c.sets.union(after, published)
			for _, next := range tr.Next {
				if traversed[next] || !Reserved(next) && c.w.Task(next) == nil {
					continue
				}
				known, before := last[next]
				waiting := pending[next]
				together := waiting != nil && c.sets.steps > waysOneByOne
				switch {
				case c.waits(next):
					joined[next] = c.sets.union(joined[next], published)
					if !together {
						push(next, nil)
					}
				case together:
					waiting.vars = c.sets.intersect(waiting.vars, published)
				case !before || !known.equal(published):
					push(next, published)
					last[next] = published
				}
			}
		}
		c.assign(uses.undo, after)
	}
	return rolling
}

// waits reports whether a task takes what all ways to it bring along.
func (c *contextSearch) waits(task string) bool {
	t := c.w.Task(task)
	if t == nil {
		return false
	}
	join, _ := t.Raw.Get("join")
	return value.Truth(join)
}

// usesOfTask returns what a task uses. It is worked out once.
func (c *contextSearch) usesOfTask(t *Task) taskUses {
	u, ok := c.uses[t.Name]
	if ok {
		return u
	}
	p := taskPlace(t.Name)
	all := map[string]property{}
	for _, prop := range taskProperties(t) {
		all[strings.TrimPrefix(prop.spec, p.spec+".")] = prop
	}
	for _, key := range []string{"delay", "timeout", "with.items", "with.concurrency", "action", "input"} {
		if prop, ok := all[key]; ok {
			u.own = append(u.own, c.sequence(prop, false)...)
		}
	}
	for _, key := range []string{"undo.action", "undo.input"} {
		if prop, ok := all[key]; ok {
			u.undo = append(u.undo, c.sequence(prop, false)...)
		}
	}
	for n, tr := range t.Transitions {
		var steps []step
		for _, prop := range transitionProperties(c.transitionPlace(t, n), tr) {
			steps = append(steps, c.sequence(prop, strings.HasSuffix(prop.spec, ".publish"))...)
		}
		u.transitions = append(u.transitions, steps)
	}
	c.uses[t.Name] = u
	return u
}
