package orquesta

import (
	"context"
	"slices"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/graph"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// follow evaluates the transitions of an ended task and stages what they lead to.
// It returns what of that is no task.
func (c *conductor) follow(ctx context.Context, e *entry, current *value.Dict) []place {
	edges := c.graph.Next(e.task)
	if len(edges) == 0 && !e.term {
		e.term = true
		c.dirty.entry(e)
	}
	var commands []place
	var ready []*staged
	failing := false
	for i, edge := range edges {
		holds, err := c.holds(ctx, edge, current)
		if err != nil {
			c.failAt(err, e, edge, "when")
			continue
		}
		c.hold(e, i, edge, holds)
		if !holds {
			continue
		}
		next := c.lead(ctx, e, edge, current)
		if next == nil {
			continue
		}
		if _, is := command(edge.To); is {
			commands = append(commands, next.place)
			failing = failing || edge.To == spec.Fail
		} else if next.ready {
			ready = append(ready, next)
		}
	}
	if failing { // what stands beside "fail" still runs
		for _, s := range ready {
			s.runOnFail = true
			c.dirty.staged(s)
		}
	}
	return commands
}

// failAt fails the workflow because of a transition.
func (c *conductor) failAt(err error, e *entry, edge *graph.Edge, key ...any) {
	c.fail(err, note{
		task: e.task, route: e.route, transition: transition(edge),
		path: append([]any{"tasks", e.task, "next", edge.Ref}, key...),
	})
	_ = c.request(execution.Failed) // if it is over already, it stays as it is
}

func (c *conductor) holds(ctx context.Context, edge *graph.Edge, current *value.Dict) (bool, error) {
	all := true
	for _, criterion := range edge.Criteria {
		v, err := c.expr.Evaluate(ctx, criterion, current)
		if err != nil {
			return false, err
		}
		all = all && value.Truth(v)
	}
	return all, nil
}

// lead goes along an edge that holds: it publishes, and stages what the edge leads
// to. It returns nil when it could not publish.
func (c *conductor) lead(ctx context.Context, e *entry, edge *graph.Edge, current *value.Dict) *staged {
	published, ok := c.publish(ctx, e, edge, current)
	if !ok {
		return nil
	}
	in := e.in
	if published.Len() > 0 {
		n := c.contexts.add(published)
		c.dirty.contexts(n)
		in = in.with(n)
		e.out, e.outCtx = transition(edge), n
		c.dirty.entry(e)
	}
	to := place{edge.To, c.follows(edge, e.route)}
	from := e.task + "__t" + itoa(edge.Key)
	s := c.stage.get(to)
	if s == nil {
		prev := &backrefs{}
		prev.set(from, e.n)
		s = &staged{place: to, in: in, prev: prev}
		c.add(s)
	} else {
		c.join(s, from, e.n, in.withoutRoot())
	}
	// What has come to it is known by the route that it is come from.
	if ready := c.inbound(edge.To, e.route) == inboundSatisfied; ready != s.ready {
		c.stage.change(s, func() { s.ready = ready })
		c.dirty.staged(s)
	}
	return s
}

// join notes what else has come to a staged task. Items that have run are forgotten,
// and run again; while some are under way they are left to it, where the reference
// loses them.
func (c *conductor) join(s *staged, from string, entry int, in indexes) {
	if underWay := s.items != nil && s.items.active+s.items.waiting > 0; !underWay {
		if s.items != nil || s.completed {
			c.stage.change(s, func() { s.items, s.completed = nil, false })
			c.dirty.staged(s)
		}
		s.request = nil
	}
	s.in = s.in.and(in)
	s.prev.set(from, entry)
	c.dirty.arrival(s, arrivalRow{from, entry, in.flat()})
	if s.of > 0 { // the reference has one record for both
		e := c.entries[s.of-1]
		e.prev.set(from, entry)
		c.dirty.entry(e)
	}
}

// publish evaluates what a transition publishes. It reports false when that failed.
func (c *conductor) publish(ctx context.Context, e *entry, edge *graph.Edge, current *value.Dict) (*value.Dict, bool) {
	published := value.NewDict()
	t := c.spec.Task(e.task)
	if t == nil || edge.Ref >= len(t.Transitions) || len(t.Transitions[edge.Ref].Publish) == 0 {
		return published, true
	}
	rolling := current.Clone()
	failed := false
	for i, a := range t.Transitions[edge.Ref].Publish {
		v, err := c.expr.Evaluate(ctx, a.Value, rolling)
		if err != nil {
			c.failAt(err, e, edge, "publish", i, a.Name)
			failed = true
			continue
		}
		rolling.Set(a.Name, v)
		published.Set(a.Name, v)
	}
	return published, !failed
}

// follows returns the route on which what an edge leads to is run: a new one if
// several ways lead there and none waits for the others.
func (c *conductor) follows(edge *graph.Edge, route int) int {
	if !c.spec.IsSplit(edge.To) || c.graph.InCycle(edge.To) {
		return route
	}
	from := edge.From + "__t" + itoa(edge.Key)
	steps := c.routes[route]
	if slices.Contains(steps, from) {
		return route
	}
	return c.route(append(append(make([]string, 0, len(steps)+1), steps...), from))
}
