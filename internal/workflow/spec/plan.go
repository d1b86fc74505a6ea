package spec

import (
	"slices"
	"strings"
)

// The names that mean something to the engine and are no tasks.
const (
	Noop     = "noop"     // the branch ends here, and a failure before it is made good
	Fail     = "fail"     // the workflow fails
	Continue = "continue" // the branch ends here
	RetryIt  = "retry"    // the task is run again
)

// Reserved reports whether a name means something to the engine.
func Reserved(name string) bool {
	switch name {
	case Noop, Fail, Continue, RetryIt:
		return true
	}
	return false
}

// Step is one way from a task to another.
type Step struct {
	Task       string // at the other end
	When       string // empty: always
	Transition int    // its index in the task that it leads from
}

// plan is what tasks have to do with each other. Names that are reserved or no
// tasks at all have a place in it, too, when a transition leads to them.
type plan struct {
	place      map[string]int32
	tasks      []*Task  // by place; nil: no task, or one with a reserved name
	next, prev [][]Step // by place, sorted by name
	start      []string
	cyclic     []bool // by place
}

func (w *Workflow) makePlan() {
	p := &w.plan
	p.place = make(map[string]int32, len(w.Tasks)+4)
	for _, t := range w.Tasks {
		i := p.at(t.Name)
		if !Reserved(t.Name) {
			p.tasks[i] = t
		}
	}
	for i := 0; i < len(p.tasks); i++ {
		if t := p.tasks[i]; t != nil {
			p.next[i] = steps(t)
			for _, s := range p.next[i] {
				p.at(s.Task)
			}
		}
	}
	byName := func(a, b Step) int { return strings.Compare(a.Task, b.Task) }
	edges := make([][]int32, len(p.tasks))
	for i, t := range p.tasks {
		for _, s := range p.next[i] {
			j := p.place[s.Task]
			p.prev[j] = append(p.prev[j], Step{t.Name, s.When, s.Transition})
			edges[i] = append(edges[i], j)
		}
	}
	for _, s := range p.prev {
		slices.SortStableFunc(s, byName)
	}
	p.cyclic = OnCycle(edges, Components(edges))
	for _, t := range w.Tasks {
		if len(p.prev[p.place[t.Name]]) == 0 {
			p.start = append(p.start, t.Name)
		}
	}
	slices.Sort(p.start)
}

// at returns the place of a name, which it makes if there is none.
func (p *plan) at(name string) int32 {
	i, ok := p.place[name]
	if !ok {
		i = int32(len(p.tasks)) //nolint:gosec // a text has fewer names
		p.place[name] = i
		p.tasks, p.next, p.prev = append(p.tasks, nil), append(p.next, nil), append(p.prev, nil)
	}
	return i
}

func steps(t *Task) []Step {
	var all []Step
	for i, tr := range t.Transitions {
		for _, name := range tr.Next {
			all = append(all, Step{name, tr.When, i})
		}
	}
	slices.SortStableFunc(all, func(a, b Step) int { return strings.Compare(a.Task, b.Task) })
	return all
}

// Task returns the task with a name; nil if there is none. A task with a reserved
// name is none.
func (w *Workflow) Task(name string) *Task {
	if i, ok := w.plan.place[name]; ok {
		return w.plan.tasks[i]
	}
	return nil
}

// Start returns the names of the tasks that nothing leads to, sorted.
func (w *Workflow) Start() []string { return w.plan.start }

// Next returns what a task leads to, sorted by name and otherwise in the order of
// the transitions.
func (w *Workflow) Next(task string) []Step {
	if i, ok := w.plan.place[task]; ok {
		return w.plan.next[i]
	}
	return nil
}

// Prev returns what leads to a task, sorted by name and otherwise in the order of
// the transitions.
func (w *Workflow) Prev(task string) []Step {
	if i, ok := w.plan.place[task]; ok {
		return w.plan.prev[i]
	}
	return nil
}

// IsJoin reports whether a task waits for several to come to it.
func (w *Workflow) IsJoin(task string) bool {
	t := w.Task(task)
	return t != nil && t.Join != nil
}

// IsSplit reports whether a task runs once for each way that leads to it.
func (w *Workflow) IsSplit(task string) bool {
	return !w.IsJoin(task) && len(w.Prev(task)) > 1
}

// InCycle reports whether a task leads back to itself.
func (w *Workflow) InCycle(task string) bool {
	i, ok := w.plan.place[task]
	return ok && w.plan.cyclic[i]
}

// HasCycles reports whether any task leads back to itself.
func (w *Workflow) HasCycles() bool { return slices.Contains(w.plan.cyclic, true) }
