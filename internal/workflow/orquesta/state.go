package orquesta

import (
	"container/list"
	"iter"
	"slices"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// place is a task on a route.
type place struct {
	task  string
	route int
}

// entry is one execution of a task: the latest of its place is what the others see.
type entry struct {
	place
	n      int // its number in the sequence
	in     indexes
	out    string // the last transition that published something; empty: none did
	outCtx int
	prev   *backrefs
	next   []byte // by the edges that lead from the task: unknown, no or yes
	retry  *retry
	status execution.Status
	term   bool

	joins map[string]int // how many edges to a join hold, by the join; not saved
	// child is the execution that ran its action last, items those of its items.
	child string
	items *items
	ended int64 // the how manieth to end; 0: it has not
}

// What is known of an edge.
const (
	unknown = '-'
	no      = '0'
	yes     = '1'
)

// backrefs says from which entries, and through which transitions, a task was come
// to.
type backrefs struct {
	names   []string // task__tN
	entries []int
	at      map[string]int // by name, once there are many
}

// fewBackrefs is how many names are looked through one by one.
const fewBackrefs = 16

func (b *backrefs) set(name string, entry int) {
	if i := b.find(name); i >= 0 {
		b.entries[i] = entry
		return
	}
	if b.at != nil {
		b.at[name] = len(b.names)
	}
	b.names, b.entries = append(b.names, name), append(b.entries, entry)
}

func (b *backrefs) copy() *backrefs {
	if b == nil {
		return &backrefs{}
	}
	return &backrefs{names: slices.Clone(b.names), entries: slices.Clone(b.entries)}
}

func (b *backrefs) find(name string) int {
	if len(b.names) <= fewBackrefs {
		return slices.Index(b.names, name)
	}
	if b.at == nil {
		b.at = make(map[string]int, 2*len(b.names))
		for i, name := range b.names {
			b.at[name] = i
		}
	}
	if i, ok := b.at[name]; ok {
		return i
	}
	return -1
}

// retry says when an entry is run again, and how often it was.
type retry struct {
	when    string // empty: when it failed
	count   value.Value
	delay   value.Value
	noDelay bool // it has no delay at all, for a transition asks for it
	tally   int64
}

// staged is a task that will run, or that waits for more to come to it.
type staged struct {
	place
	n         int64 // its place in the order
	in        indexes
	prev      *backrefs
	ready     bool
	completed bool // it has failed, and is kept for a rerun of its items
	runOnFail bool
	retry     *retry
	items     *items // nil: none were made
	arrivals  int    // rows of what has come to it since it was staged
	of        int    // the entry that it became and, having items, is still staged for, from 1; 0: none

	request *request // rendered; not saved
	at      *list.Element
}

func (s *staged) due() bool { return s.ready && !s.completed }

// items are what a task with items is made of.
type items struct {
	batch int64 // its number among those of the workflow
	all   []item
	from  int // none before it is unset; not saved
	// How many there are of each kind; not saved.
	active, ended, waiting, canceled, abended int
}

type item struct {
	status execution.Status
	child  string // the execution
}

func newItems(batch int64, n int) *items { return &items{batch: batch, all: make([]item, n)} }

// set gives an item a status.
func (x *items) set(i int, s execution.Status) {
	x.count(x.all[i].status, -1)
	x.all[i].status = s
	x.count(s, 1)
	if s == unset && i < x.from {
		x.from = i
	}
}

func (x *items) count(s execution.Status, by int) {
	switch {
	case active(s):
		x.active += by
	case s == execution.Pending || s == execution.Paused:
		x.waiting += by
	}
	if s.Final() {
		x.ended += by
	}
	switch {
	case s == execution.Canceled:
		x.canceled += by
	case s.Failure():
		x.abended += by
	}
}

// others says how the items stand without one of them.
func (x *items) others(i int) items {
	rest := *x
	rest.count(x.all[i].status, -1)
	return rest
}

// idle returns up to limit items that have not begun, in order.
func (x *items) idle(limit int) []int {
	for x.from < len(x.all) && x.all[x.from].status != unset {
		x.from++
	}
	var all []int
	for i := x.from; i < len(x.all) && len(all) < limit; i++ {
		if x.all[i].status == unset {
			all = append(all, i)
		}
	}
	return all
}

// stage is everything that is staged, in order.
type stage struct {
	list   list.List // of *staged
	by     map[place][]*staged
	due    int // how many are ready and not completed
	number int64
}

// add puts s behind the others.
func (t *stage) add(s *staged) {
	if t.by == nil {
		t.by = map[place][]*staged{}
	}
	if s.n == 0 {
		s.n = t.number + 1
	}
	t.number = max(t.number, s.n)
	s.at = t.list.PushBack(s)
	t.by[s.place] = append(t.by[s.place], s)
	if s.due() {
		t.due++
	}
}

// get returns what is staged at a place, the first if there are several; nil: nothing.
func (t *stage) get(p place) *staged {
	if all := t.by[p]; len(all) > 0 {
		return all[0]
	}
	return nil
}

// change lets f change s.
func (t *stage) change(s *staged, f func()) {
	was := s.due()
	f()
	switch is := s.due(); {
	case was && !is:
		t.due--
	case is && !was:
		t.due++
	}
}

func (t *stage) remove(s *staged) {
	t.list.Remove(s.at)
	t.by[s.place] = slices.DeleteFunc(t.by[s.place], func(x *staged) bool { return x == s })
	if len(t.by[s.place]) == 0 {
		delete(t.by, s.place)
	}
	if s.due() {
		t.due--
	}
}

// all goes through everything that is staged.
func (t *stage) all() iter.Seq[*staged] {
	return func(yield func(*staged) bool) {
		for e := t.list.Front(); e != nil; e = e.Next() {
			if s, ok := e.Value.(*staged); ok && !yield(s) {
				return
			}
		}
	}
}
