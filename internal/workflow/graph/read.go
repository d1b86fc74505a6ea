package graph

import (
	"fmt"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Read reads a graph in the form in which StackStorm keeps it: nodes, and for each
// node in adjacency the edges that lead from it.
func Read(d *value.Dict) (*Graph, error) {
	b, err := ReadBuilder(d)
	if err != nil {
		return nil, err
	}
	return b.Build(), nil
}

// ReadBuilder is [Read] for a graph that is to be added to.
func ReadBuilder(d *value.Dict) (*Builder, error) {
	b := NewBuilder()
	nodes, err := dicts(d, "nodes")
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		name, _ := n.Get("id")
		b.Node(value.Str(name)).Update(n)
	}
	v, _ := d.Get("adjacency")
	lists, _ := v.(*value.List)
	if lists == nil || len(lists.Items) != len(nodes) {
		return nil, fmt.Errorf("read a graph: adjacency is not a list of %d lists", len(nodes))
	}
	for i, from := range b.g.nodes[:len(nodes)] {
		holder := value.NewDict()
		holder.Set("edges", lists.Items[i])
		edges, err := dicts(holder, "edges")
		if err != nil {
			return nil, err
		}
		for _, e := range edges {
			to, _ := e.Get("id")
			edge := Edge{From: from.Name, To: value.Str(to)}
			edge.update(e)
			b.Connect(edge)
		}
	}
	return b, nil
}

func dicts(d *value.Dict, key string) ([]*value.Dict, error) {
	v, _ := d.Get(key)
	list, ok := v.(*value.List)
	if !ok {
		return nil, fmt.Errorf("read a graph: %s is not a list", key)
	}
	all := make([]*value.Dict, len(list.Items))
	for i, item := range list.Items {
		if all[i], ok = item.(*value.Dict); !ok {
			return nil, fmt.Errorf("read a graph: %s[%d] is not a mapping", key, i)
		}
	}
	return all, nil
}

// Update takes over what d says of a node.
func (n *Node) Update(d *value.Dict) {
	for k, v := range d.Texts() {
		retry, isRetry := v.(*value.Dict)
		switch {
		case k == "id":
		case k == "barrier":
			n.Barrier = v
		case k == "retry" && isRetry:
			n.Retry = retryOf(retry)
		default:
			if n.Extra == nil {
				n.Extra = value.NewDict()
			}
			n.Extra.Set(k, v)
		}
	}
}

func retryOf(d *value.Dict) *Retry {
	when, _ := d.Get("when")
	r := &Retry{Transition: !d.Has("delay")}
	r.When, _ = when.(string)
	r.Count, _ = d.Get("count")
	r.Delay, _ = d.Get("delay")
	return r
}

// update takes over what d says of an edge. What a condition and a transition are
// is known only if both are there.
func (e *Edge) update(d *value.Dict) {
	criteria, _ := d.Get("criteria")
	list, _ := criteria.(*value.List)
	ref, _ := d.Get("ref")
	n, ok := ref.(int64)
	known := list != nil && ok
	if known {
		e.Ref = int(n)
		for _, c := range list.Items {
			e.Criteria = append(e.Criteria, value.Str(c))
		}
	}
	for k, v := range d.Texts() {
		switch {
		case k == "id", k == "key", known && (k == "criteria" || k == "ref"):
		default:
			if e.Extra == nil {
				e.Extra = value.NewDict()
			}
			e.Extra.Set(k, v)
		}
	}
}
