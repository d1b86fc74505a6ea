package chain

import (
	"fmt"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// resultOf returns the result of the last run of a node that is over.
func (s *step) resultOf(node string) (value.Value, bool, error) {
	if v, ok := s.results[node]; ok {
		return v, true, nil
	}
	r := s.ended
	if r == nil || r.Node != node {
		i, ok := s.e.latest[node]
		if !ok {
			return nil, false, nil
		}
		r = &s.e.runs[i]
	}
	v, err := s.read(r)
	if err != nil {
		return nil, false, err
	}
	// StackStorm keeps what a task has shown while it waited (an inquiry its
	// question), and adds what it ended with as its result. Chains that ask people
	// use that name.
	if d, ok := v.(*value.Dict); ok && r.Waited && !d.Has("result") {
		d := d.Clone()
		d.Set("result", v)
		v = d
	}
	s.results[node] = v
	return v, true, nil
}

// allResults returns the results of all nodes that have run, by name.
func (s *step) allResults() (value.Value, bool, error) {
	d := value.NewDict()
	for _, n := range s.e.def.order {
		v, ok, err := s.resultOf(n)
		if err != nil {
			return nil, false, err
		}
		if ok {
			d.Set(n, v)
		}
	}
	return d, true, nil
}

// read returns the result of a run that is over.
func (s *step) read(r *run) (value.Value, error) {
	var v value.Value
	var err error
	switch {
	case r.Refused != "":
		v = failure(value.NewDictCap(2), r.Refused)
	case r == s.ended && s.result != nil:
		v, err = s.result(s.ctx)
	case r.Execution != "" && s.e.in.Result != nil:
		v, err = s.e.in.Result(s.ctx, r.Execution)
	}
	if err != nil {
		return nil, fmt.Errorf("read the result of task %s: %w", r.Node, err)
	}
	return v, nil
}

// failure writes into d what went wrong. There is no traceback, and clients look
// for one.
func failure(d *value.Dict, why string) *value.Dict {
	d.Set("error", why)
	d.Set("traceback", "")
	return d
}

// outcome is what the execution of the chain shows when it is over.
func (s *step) outcome() (*value.Dict, error) {
	tasks := make([]value.Value, 0, s.at+1)
	for i := range s.at + 1 {
		r := s.changed[i]
		if r == nil {
			r = &s.e.runs[i]
		}
		task, err := s.task(r)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, task)
	}
	d := value.NewDictCap(4)
	d.Set("tasks", value.NewList(tasks...))
	if s.displays() {
		published := s.e.published
		if s.published != nil {
			published = published.Clone()
			published.Update(s.published)
		}
		d.Set("published", published)
	}
	if s.head.Error != "" {
		failure(d, s.head.Error)
	}
	return d, nil
}

// displays reports whether the result shows what was published.
func (s *step) displays() bool {
	if s.e.in.Runner == nil || !s.e.in.Runner.Has("display_published") {
		return true
	}
	return value.Truth(get(s.e.in.Runner, "display_published"))
}

func (s *step) task(r *run) (value.Value, error) {
	if s.ended != nil && *r == *s.ended {
		r = s.ended
	}
	result, err := s.read(r)
	if err != nil {
		return nil, err
	}
	var id value.Value
	if r.Execution != "" {
		id = r.Execution
	}
	state := r.Status
	if state == execution.Requested {
		state = execution.Failed
	}
	d := value.NewDictCap(9)
	d.Set("id", r.Node)
	d.Set("name", r.Node)
	d.Set("execution_id", id)
	d.Set("liveaction_id", id)
	d.Set("workflow", nil)
	d.Set("created_at", timestamp(r.Created))
	d.Set("updated_at", timestamp(r.Updated))
	d.Set("state", string(state))
	d.Set("result", result)
	return d, nil
}

// timestamp writes a time as the reference does in results.
func timestamp(t time.Time) value.Value {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000+00:00")
}
