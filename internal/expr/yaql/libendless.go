package yaql

import (
	"math/big"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func endlessFunctions(b *builder) {
	b.module = "queries"
	b.fn("range", "stop int", func(c *call) (value.Value, error) { return c.ev.count3(int64(0), c.args[0], int64(1)) },
		"Returns the integers from 0 up to and without one.", "range(3)", "[0, 1, 2]")
	b.fn("range", "start int, stop int, step int = 1", func(c *call) (value.Value, error) { return c.ev.count3(c.args[0], c.args[1], c.args[2]) },
		"Returns the integers from one up to and without another, by a step.", "range(4, 1, -1)", "[4, 3, 2]")
	b.fn("sequence", "start int = 0, step int = 1", func(c *call) (value.Value, error) { return c.ev.count3(c.args[0], nil, c.args[1]) },
		"Returns the integers from one on, without end.", "sequence(5).limit(2)", "[5, 6]")
	b.method("repeat", "value, times int = -1", func(c *call) (value.Value, error) {
		n := c.num(1)
		endless := n < 0
		return c.ev.gen(func() (value.Value, bool, error) {
			n--
			return c.args[0], endless || n >= 0, nil
		}), nil
	}, "Returns a value so many times, or without end.", "a.repeat(2)", `["a", "a"]`)
	b.method("cycle", "collection iter", func(c *call) (value.Value, error) {
		var it iterator
		var kept []value.Value
		at, again := 0, false
		return c.ev.gen(func() (value.Value, bool, error) {
			if it == nil {
				var err error
				if it, err = c.ev.iter(c.args[0]); err != nil {
					return nil, false, err
				}
			}
			if !again {
				v, ok, err := it.next()
				if err != nil {
					return nil, false, err
				}
				if ok {
					kept = append(kept, v)
					return v, true, c.ev.use(16)
				}
				again = true
			}
			if len(kept) == 0 {
				return nil, false, nil
			}
			at++
			return kept[(at-1)%len(kept)], true, nil
		}), nil
	}, "Returns the items again and again, without end.", "[1, 2].cycle().limit(3)", "[1, 2, 1]")
	b.fn("generate", "initial, predicate lambda, producer lambda, selector lambda = null, decycle bool = false", generate,
		"Returns values while the condition is true, each made of the one before.", "generate(0, $ < 10, $ + 4)", "[0, 4, 8]")
	b.fn("generateMany", "initial, producer lambda, selector lambda = null, decycle bool = false, depthFirst bool = false", generateMany,
		"Returns a value, what the expression makes of it, and so on: the nodes of a tree.",
		`generateMany("1", {"1" => ["2", "3"], "2" => ["4"]}.get($, []))`, `["1", "2", "3", "4"]`)
}

// count3 returns the ints from start by step: up to stop, or without end if stop is
// nil.
func (ev *evaluator) count3(start, stop, step value.Value) (value.Value, error) {
	n, _ := value.Big(start)
	by, _ := value.Big(step)
	end, bounded := value.Big(stop)
	if bounded && by.Sign() == 0 {
		return nil, value.ValueError.Errorf("range() arg 3 must not be zero")
	}
	if n.IsInt64() && by.IsInt64() && (!bounded || end.IsInt64()) {
		return ev.countSmall(n.Int64(), end, by.Int64(), bounded), nil
	}
	next := new(big.Int).Set(n)
	return ev.gen(func() (value.Value, bool, error) {
		if bounded && next.Cmp(end)*by.Sign() >= 0 {
			return nil, false, nil
		}
		v := value.Int(new(big.Int).Set(next))
		next.Add(next, by)
		return v, true, ev.spend(next.BitLen() >> 6)
	}), nil
}

func (ev *evaluator) countSmall(next int64, end *big.Int, by int64, bounded bool) value.Value {
	var stop int64
	if bounded {
		stop = end.Int64()
	}
	over := false
	return ev.gen(func() (value.Value, bool, error) {
		if over || bounded && (by > 0 && next >= stop || by < 0 && next <= stop) {
			return nil, false, nil
		}
		v := next
		if next += by; bounded && (next > v) != (by > 0) {
			over = true // past the last int64
		}
		return v, true, nil
	})
}

// seen keeps values so that none comes twice, if that is asked for.
type seen struct{ set *value.Set }

func (s *seen) before(ev *evaluator, v value.Value) (bool, error) {
	if s.set == nil {
		return false, nil
	}
	k, err := freeze(v, 0)
	if err != nil {
		return false, err
	}
	n := s.set.Len()
	if err := s.set.Add(k); err != nil {
		return false, err
	}
	return s.set.Len() == n, ev.use(56)
}

func remembering(on bool) seen {
	if on {
		return seen{&value.Set{}}
	}
	return seen{}
}

func generate(c *call) (value.Value, error) {
	v, begun := c.args[0], false
	past := remembering(c.truth(4))
	return c.ev.gen(func() (value.Value, bool, error) {
		var err error
		if begun {
			if v, err = c.lambda(2).call(v); err != nil {
				return nil, false, err
			}
		}
		begun = true
		ok, err := c.lambda(1).test(v)
		if !ok || err != nil {
			return nil, false, err
		}
		if again, err := past.before(c.ev, v); again || err != nil {
			return nil, false, err
		}
		if l := c.lambda(3); l != nil {
			out, err := l.call(v)
			return out, true, err
		}
		return v, true, nil
	}), nil
}

func generateMany(c *call) (value.Value, error) {
	queue := []value.Value{c.args[0]}
	past := remembering(c.truth(3))
	var last value.Value
	begun := false
	return c.ev.gen(func() (value.Value, bool, error) {
		if begun {
			more, err := c.lambda(1).call(last)
			if err != nil {
				return nil, false, err
			}
			items, err := c.ev.items(more)
			if err != nil {
				return nil, false, err
			}
			if err := c.ev.use(16 * len(items)); err != nil {
				return nil, false, err
			}
			if c.truth(4) {
				queue = append(append(make([]value.Value, 0, len(items)+len(queue)), items...), queue...)
				if err := c.ev.spend(len(queue) >> 3); err != nil {
					return nil, false, err
				}
			} else {
				queue = append(queue, items...)
			}
		}
		begun = true
		for len(queue) > 0 {
			if err := c.ev.spend(1); err != nil {
				return nil, false, err
			}
			last, queue = queue[0], queue[1:]
			again, err := past.before(c.ev, last)
			if err != nil {
				return nil, false, err
			}
			if again {
				continue
			}
			if l := c.lambda(2); l != nil {
				v, err := l.call(last)
				return v, true, err
			}
			return last, true, nil
		}
		return nil, false, nil
	}), nil
}
