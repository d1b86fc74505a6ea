package graph

import (
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// retryCount is how often a transition to "retry" runs its task again.
const retryCount = 3

// Compose makes the graph of a workflow, from the tasks that it starts with on.
func Compose(w *spec.Workflow) *Graph {
	b := NewBuilder()
	var queue []string
	queued := map[string]bool{}
	push := func(name string) {
		if !queued[name] {
			queued[name] = true
			queue = append(queue, name)
		}
	}
	for _, name := range w.Start() {
		push(name)
	}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		n := b.Node(name)
		if t := w.Task(name); t != nil {
			describe(n, t)
		}
		for _, step := range w.Next(name) {
			if step.Task == spec.RetryIt {
				n.Retry = &Retry{When: step.When, Count: int64(retryCount), Transition: true}
				if step.When == "" {
					n.Retry.When = "<% completed() %>"
				}
				continue
			}
			connect(b, name, step)
			push(step.Task)
		}
	}
	return b.Build()
}

// describe takes over what the definition says of a task.
func describe(n *Node, t *spec.Task) {
	if t.Join != nil {
		n.Barrier = int64(t.Join.Count)
		if t.Join.All {
			n.Barrier = All
		}
	}
	if t.Retry != nil {
		n.Retry = &Retry{When: t.Retry.When, Count: t.Retry.Count, Delay: t.Retry.Delay}
	}
}

// connect adds an edge unless the same transition leads to the same task already.
func connect(b *Builder, from string, step spec.Step) {
	between := b.Between(from, step.Task)
	if n := len(between); n > 0 && between[n-1].Ref == step.Transition {
		return // steps come in the order of their transitions
	}
	e := Edge{From: from, To: step.Task, Ref: step.Transition}
	if step.When != "" {
		e.Criteria = []string{step.When}
	}
	b.Connect(e)
}

// Splits returns for each task on which tasks the ways to it were split: those that
// several ways lead to and that do not wait for them. It is what StackStorm keeps in
// its graphs, and is worked out only when it is asked for, since it may be as long
// as the square of the number of tasks.
func Splits(w *spec.Workflow) map[string][]string {
	type entry struct {
		task   string
		splits []string
	}
	var queue []entry
	for _, name := range w.Start() {
		queue = append(queue, entry{task: name})
	}
	splits := map[string][]string{}
	tracked := map[string]map[string]bool{}
	has := map[string]bool{}
	for len(queue) > 0 {
		e := queue[0]
		queue = queue[1:]
		has[e.task] = true
		if w.IsSplit(e.task) && !w.InCycle(e.task) {
			e.splits = append(e.splits, e.task)
		}
		if len(e.splits) > 0 {
			splits[e.task] = e.splits
		}
		for _, step := range w.Next(e.task) {
			if step.Task == spec.RetryIt {
				continue
			}
			if !has[step.Task] || !w.InCycle(step.Task) {
				if track(tracked, step.Task, e.splits) {
					queue = append(queue, entry{step.Task, append([]string(nil), e.splits...)})
				}
			}
			has[step.Task] = true
		}
	}
	return splits
}

// track notes the splits with which a task is come to, and reports whether there are
// new ones among them or it is the first time.
func track(tracked map[string]map[string]bool, task string, splits []string) bool {
	known, ok := tracked[task]
	if !ok {
		known = map[string]bool{}
		tracked[task] = known
	}
	fresh := !ok
	for _, s := range splits {
		if !known[s] {
			fresh = true
			known[s] = true
		}
	}
	return fresh
}
