package value

// Copy returns a deep copy of v. What v holds twice, the copy holds twice;
// what does not change is shared.
func Copy(v Value) Value {
	switch v.(type) {
	case *List, *Dict, *Set, Tuple, *NamedTuple, *Record:
	default:
		return v
	}
	c := copier{}
	return c.copy(v, 0)
}

type copier map[any]Value

func (c copier) copy(v Value, depth int) Value {
	if depth > maxDepth {
		return v
	}
	switch v := v.(type) {
	case *List:
		if done, ok := c[v]; ok {
			return done
		}
		l := &List{Items: make([]Value, len(v.Items))}
		c[v] = l
		for i, item := range v.Items {
			l.Items[i] = c.copy(item, depth+1)
		}
		return l
	case *Dict:
		if done, ok := c[v]; ok {
			return done
		}
		d := v.Clone()
		c[v] = d
		for i := range d.entries {
			d.entries[i].val = c.copy(d.entries[i].val, depth+1)
		}
		return d
	case *Set:
		return v.Clone()
	case Tuple:
		if len(v) == 0 {
			return v
		}
		id := tupleID{&v[0], len(v)}
		if done, ok := c[id]; ok {
			return done
		}
		t := make(Tuple, len(v))
		c[id] = t
		for i, item := range v {
			t[i] = c.copy(item, depth+1)
		}
		return t
	case *NamedTuple:
		items, _ := c.copy(v.Items, depth+1).(Tuple)
		return &NamedTuple{Class: v.Class, Fields: v.Fields, Items: items}
	case *Record:
		attrs, _ := c.copy(v.Attrs, depth+1).(*Dict)
		return &Record{Class: v.Class, Attrs: attrs}
	}
	return v
}

// tupleID tells tuples apart, which have no identity of their own.
type tupleID struct {
	first *Value
	n     int
}
