package chain

import "slices"

// Task is a task of a chain as people see it.
type Task struct {
	Name, Ref            string
	OnSuccess, OnFailure string // names of tasks, perhaps by a template; empty: the chain ends
	First                bool   // the chain begins here
}

// Outline returns the tasks of a chain, as they are written. The error is
// [Mistakes] that keep it from running.
func Outline(text []byte) ([]Task, error) {
	d, found := read(text, nil)
	if wrong := slices.DeleteFunc(found, func(m Mistake) bool { return m.Warning }); len(wrong) > 0 {
		return nil, Mistakes(wrong)
	}
	tasks := make([]Task, len(d.order))
	for i, name := range d.order {
		n := d.nodes[name]
		tasks[i] = Task{Name: name, Ref: n.ref, OnSuccess: n.onSuccess.name, OnFailure: n.onFailure.name, First: name == d.first}
	}
	return tasks, nil
}
