package orquesta

import (
	"strconv"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// indexes are numbers of contexts in the order in which these are laid over each
// other. They are kept as runs, since a task mostly sees what those before it
// published one after the other.
type indexes []span

// span is the numbers from the first up to, and without, the last.
type span struct{ from, to int }

func index(i int) indexes { return indexes{{i, i + 1}} }

// with returns the numbers with one more behind them. The receiver is as it was.
func (x indexes) with(i int) indexes {
	out := append(indexes(nil), x...)
	return out.add(span{i, i + 1})
}

func (x indexes) add(s span) indexes {
	if n := len(x); n > 0 && x[n-1].to == s.from {
		x[n-1].to = s.to
		return x
	}
	return append(x, s)
}

// and returns the numbers with others behind them.
func (x indexes) and(others indexes) indexes {
	out := append(indexes(nil), x...)
	for _, s := range others {
		out = out.add(s)
	}
	return out
}

// withoutRoot returns the numbers without the first 0, which is the context that
// the workflow began with.
func (x indexes) withoutRoot() indexes {
	out := make(indexes, 0, len(x))
	dropped := false
	for _, s := range x {
		if s.from == 0 && !dropped {
			dropped = true
			s.from = 1
			if s.from == s.to {
				continue
			}
		}
		out = out.add(s)
	}
	return out
}

// list returns the numbers one by one.
func (x indexes) list() []int {
	var all []int
	for _, s := range x {
		for i := s.from; i < s.to; i++ {
			all = append(all, i)
		}
	}
	return all
}

// last returns the last number and the numbers before it.
func (x indexes) last() (before indexes, last int) {
	n := len(x) - 1
	before = append(indexes(nil), x...)
	before[n].to--
	last = before[n].to
	if before[n].from == before[n].to {
		before = before[:n]
	}
	return before, last
}

func (x indexes) key() string {
	var b strings.Builder
	for _, s := range x {
		b.WriteString(strconv.Itoa(s.from))
		b.WriteByte('-')
		b.WriteString(strconv.Itoa(s.to))
		b.WriteByte(' ')
	}
	return b.String()
}

// flat and unflat are how the numbers are saved.
func (x indexes) flat() []int {
	out := make([]int, 0, 2*len(x))
	for _, s := range x {
		out = append(out, s.from, s.to)
	}
	return out
}

func unflat(flat []int) indexes {
	var x indexes
	for i := 0; i+1 < len(flat); i += 2 {
		x = append(x, span{flat[i], flat[i+1]})
	}
	return x
}

// maxMerged is how many contexts are kept laid over each other. When there are
// more, all are forgotten: putting one together again costs time only.
const maxMerged = 256

// contexts are what the tasks of a workflow have published: the first is what it
// began with, each other what one transition added. None is ever changed.
type contexts struct {
	all    []*value.Dict
	merged map[string]*value.Dict // by the key of their indexes
}

func (c *contexts) add(d *value.Dict) int {
	c.all = append(c.all, d)
	return len(c.all) - 1
}

// over returns contexts laid over each other. It must not be changed.
func (c *contexts) over(x indexes) *value.Dict {
	if len(x) == 0 {
		return value.NewDict()
	}
	if len(x) == 1 && x[0].to == x[0].from+1 {
		return c.all[x[0].from]
	}
	key := x.key()
	if d, ok := c.merged[key]; ok {
		return d
	}
	var d *value.Dict
	before, last := x.last()
	if below, ok := c.known(before); ok {
		d = below.Clone()
		lay(d, c.all[last])
	} else {
		d = value.NewDict()
		for _, i := range x.list() {
			lay(d, c.all[i])
		}
	}
	if c.merged == nil || len(c.merged) >= maxMerged {
		c.merged = map[string]*value.Dict{}
	}
	c.merged[key] = d
	return d
}

func (c *contexts) known(x indexes) (*value.Dict, bool) {
	if len(x) == 1 && x[0].to == x[0].from+1 {
		return c.all[x[0].from], true
	}
	d, ok := c.merged[x.key()]
	return d, ok
}

// lay puts what over has into d, mappings into mappings. What d shares with others
// is copied before it is changed.
func lay(d, over *value.Dict) {
	for k, v := range over.All() {
		if above, ok := v.(*value.Dict); ok {
			have, _, err := d.GetKey(k)
			if below, isDict := have.(*value.Dict); isDict && err == nil {
				both := below.Clone()
				lay(both, above)
				v = both
			}
		}
		_ = d.SetKey(k, v) // it was a key in over
	}
}
