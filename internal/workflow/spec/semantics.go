package spec

import (
	"fmt"

	"github.com/nightshift-run/nightshift/internal/near"
)

// semantics returns what is wrong with what the tasks have to do with each other.
func (i *inspector) semantics() Findings {
	var all Findings
	for _, t := range i.w.Tasks {
		p := taskPlace(t.Name)
		if Reserved(t.Name) {
			all = append(all, i.finding(Semantics, p, fmt.Sprintf("The task name %s is reserved with special function.", quoted(t.Name))))
		}
		if t.With != nil && t.Action == "" {
			all = append(all, i.finding(Semantics, p, "The action property is required for with items task."))
		}
	}
	if len(i.w.Tasks) > 0 && len(i.w.Start()) == 0 {
		p := place{[]any{"tasks"}, "tasks", tasksSchema}
		all = append(all, i.finding(Semantics, p, "Unable to identify any tasks to start the workflow. If the workflow has a "+
			"loop, please add a task that serves as an entry point (or lead) into the loop."))
	}
	return append(append(all, i.undefined()...), i.unreachable()...)
}

// undefined returns where transitions lead to tasks that there are not. Tasks that
// cannot be reached are not looked at.
func (i *inspector) undefined() Findings {
	var all Findings
	queue := append([]string(nil), i.w.Start()...)
	queued := map[string]bool{}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		t := i.w.Task(name)
		if t == nil {
			continue
		}
		for n, tr := range t.Transitions {
			for _, next := range tr.Next {
				switch {
				case Reserved(next):
				case i.w.Task(next) == nil:
					p := i.transitionPlace(t, n).below("do")
					f := i.finding(Semantics, p, fmt.Sprintf("The task %s is not defined.", quoted(next)))
					f.Hint = i.nearTask(next)
					all = append(all, f)
				case !queued[next]:
					queued[next] = true
					queue = append(queue, next)
				}
			}
		}
	}
	return all
}

// nearTask says which task was perhaps meant by a name.
func (i *inspector) nearTask(name string) string {
	if len(i.w.Tasks) > mostNames {
		return ""
	}
	names := make([]string, len(i.w.Tasks))
	for n, t := range i.w.Tasks {
		names[n] = t.Name
	}
	if meant := near.Name(name, names); meant != "" {
		return "perhaps " + quoted(meant) + " was meant"
	}
	return ""
}

// quoted puts a name in quotes, as it is.
func quoted(name string) string { return `"` + name + `"` }

const mostNames = 1000 // among which what was meant is looked for

// transitionPlace returns where a transition of a task is.
func (i *inspector) transitionPlace(t *Task, n int) place {
	p := taskPlace(t.Name)
	return place{append(p.path, "next", n), fmt.Sprintf("%s.next[%d]", p.spec, n), p.schema + ".properties.next.items"}
}

const mostUnreachable = 20_000_000 // steps in search of joins that cannot be reached

// unreachable returns the joins that can't tell which of the ways that lead to them
// belong together, because these were split on different tasks.
//
// It goes the ways as the reference does, with the tasks that each was split on, and
// takes a way again only if it was split on something new. Of a definition in which
// the ways are more than can be gone, it says nothing: these are no definitions that
// people write.
func (i *inspector) unreachable() Findings {
	s := splitSearch{w: i.w, stages: map[string]*stage{}, tracked: map[[2]int32]*idset{}}
	if !s.search() {
		return nil
	}
	var all Findings
	for _, name := range s.order {
		st := s.stages[name]
		if !i.w.IsJoin(name) {
			continue
		}
		for _, prev := range st.prev {
			if st.splits.equal(s.stages[prev].splits) {
				continue
			}
			all = append(all, i.finding(Semantics, taskPlace(name), fmt.Sprintf("The join task %s is unreachable. A join task is determined "+
				"to be unreachable if there are nested forks from multi-referenced tasks that join on the said task. This is ambiguous to "+
				"the workflow engine because it does not know at which level should the join occurs.", quoted(name))))
			break
		}
	}
	return all
}

// splitSearch finds out on which tasks the ways to each task were split.
type splitSearch struct {
	w       *Workflow
	order   []string
	stages  map[string]*stage
	tracked map[[2]int32]*idset // by way from one task to another
	sets    idsets
}

// stage is what is known of a task.
type stage struct {
	splits *idset
	prev   []string // that lead to it, each once
	from   map[string]bool
}

// search reports whether it came to an end.
func (s *splitSearch) search() bool {
	type entry struct {
		from, to string
		splits   *idset
	}
	var queue []entry
	for _, name := range s.w.Start() {
		queue = append(queue, entry{to: name})
	}
	for len(queue) > 0 {
		e := queue[0]
		queue = queue[1:]
		if s.w.Task(e.to) == nil {
			continue
		}
		at := s.w.plan.place[e.to]
		if s.w.IsSplit(e.to) && !s.w.plan.cyclic[at] {
			e.splits = s.sets.add(e.splits, at)
		}
		s.come(e.to, e.from, e.splits)
		for _, next := range s.w.Next(e.to) {
			if s.sets.steps++; s.sets.steps > mostUnreachable {
				return false
			}
			to := s.w.plan.place[next.Task]
			if s.stages[next.Task] != nil && s.w.plan.cyclic[to] {
				continue
			}
			pair := [2]int32{at, to}
			if known, ok := s.tracked[pair]; !ok || !s.sets.within(e.splits, known) {
				s.tracked[pair] = s.sets.union(known, e.splits)
				queue = append(queue, entry{e.to, next.Task, e.splits})
			}
		}
	}
	return true
}

// come notes that a way leads to a task.
func (s *splitSearch) come(to, from string, splits *idset) {
	st, ok := s.stages[to]
	if !ok {
		st = &stage{from: map[string]bool{}}
		s.stages[to] = st
		s.order = append(s.order, to)
	}
	st.splits = s.sets.union(st.splits, splits)
	if from != "" && !st.from[from] {
		st.from[from] = true
		st.prev = append(st.prev, from)
	}
}
