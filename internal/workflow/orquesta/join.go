package orquesta

import (
	"github.com/nightshift-run/nightshift/internal/workflow/graph"
)

// arrivals say how a join on a route stands. They are kept up to date while entries
// come and edges turn out to hold, so that nobody has to look at all that leads to a
// join each time.
type arrivals struct {
	entries   int // tasks before it that have an entry on the route
	satisfied int // of those, the ones that lead to it
}

// inbound is what is known of the ways to a task.
type inbound int

const (
	inboundOpen      inbound = iota // more may come
	inboundSatisfied                // enough have come
	inboundClosed                   // no more will come
)

func (c *conductor) arrived(p place) *arrivals {
	a := c.joins[p]
	if a == nil {
		a = &arrivals{}
		c.joins[p] = a
	}
	return a
}

// joinsAfter calls f for each join that a task leads to, once.
func (c *conductor) joinsAfter(task string, f func(join string)) {
	last := ""
	for _, e := range c.graph.Next(task) { // sorted by where they lead
		if e.To == last {
			continue
		}
		last = e.To
		if _, ok := c.graph.Barrier(e.To); ok {
			f(e.To)
		}
	}
}

// enter makes e the latest entry of its place.
func (c *conductor) enter(e *entry) {
	before := c.latest[e.place]
	c.latest[e.place] = e
	c.counts[e.status]++
	if before != nil {
		c.counts[before.status]--
	}
	c.joinsAfter(e.task, func(join string) {
		a := c.arrived(place{join, e.route})
		switch {
		case before == nil:
			a.entries++
		case before.joins[join] > 0:
			a.satisfied--
		}
		if e.joins[join] > 0 {
			a.satisfied++
		}
	})
}

// hold notes whether the i-th edge that leads from an entry holds.
func (c *conductor) hold(e *entry, i int, edge *graph.Edge, holds bool) {
	was := e.next[i]
	e.next[i] = no
	if holds {
		e.next[i] = yes
	}
	c.dirty.entry(e)
	if was == e.next[i] {
		return
	}
	if _, ok := c.graph.Barrier(edge.To); !ok {
		return
	}
	before := e.joins[edge.To] > 0
	c.countJoin(e, edge.To, was, -1)
	c.countJoin(e, edge.To, e.next[i], 1)
	if after := e.joins[edge.To] > 0; before != after && c.latest[e.place] == e {
		if after {
			c.arrived(place{edge.To, e.route}).satisfied++
		} else {
			c.arrived(place{edge.To, e.route}).satisfied--
		}
	}
}

func (c *conductor) countJoin(e *entry, join string, edge byte, by int) {
	if edge != yes {
		return
	}
	if e.joins == nil {
		e.joins = map[string]int{}
	}
	e.joins[join] += by
}

// inbound says how the ways to a task stand, seen from a route that leads to it.
func (c *conductor) inbound(task string, route int) inbound {
	barrier, ok := c.graph.Barrier(task)
	if !ok {
		return inboundSatisfied
	}
	before := c.before(task)
	need := before
	if n, ok := barrier.(int64); ok {
		need = max(1, int(n))
	}
	a := c.arrived(place{task, route})
	switch {
	case a.satisfied >= need:
		return inboundSatisfied
	case a.entries < before && (c.busy() || c.stage.due > 0):
		return inboundOpen
	}
	return inboundClosed
}

// before returns how many tasks lead to a join.
func (c *conductor) before(join string) int {
	n, ok := c.preceding[join]
	if ok {
		return n
	}
	last := ""
	for _, e := range c.graph.Prev(join) { // those from one task are beside each other
		if e.From != last {
			n, last = n+1, e.From
		}
	}
	c.preceding[join] = n
	return n
}
