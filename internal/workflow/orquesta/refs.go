package orquesta

import (
	"strconv"
	"strings"

	"github.com/nightshift-run/nightshift/internal/execution"
)

// ref is how the engine calls an execution of an entry; item is -1 without items.
func ref(en *entry, item int) string {
	if item < 0 {
		return itoa(en.n)
	}
	return itoa(en.n) + "/" + strconv.FormatInt(en.items.batch, 10) + "/" + itoa(item)
}

// find returns the entry and the item of a ref, and whether there is still anything
// to be told about it.
func (e *Engine) find(name string) (en *entry, item int, ok bool) {
	var n int
	var batch int64
	var err error
	parts := strings.Split(name, "/")
	if n, err = strconv.Atoi(parts[0]); err != nil || n < 0 || n >= len(e.c.entries) {
		return nil, 0, false
	}
	en = e.c.entries[n]
	if len(parts) == 1 {
		return en, -1, en.items == nil
	}
	if len(parts) != 3 {
		return nil, 0, false
	}
	if batch, err = strconv.ParseInt(parts[1], 10, 64); err != nil {
		return nil, 0, false
	}
	if item, err = strconv.Atoi(parts[2]); err != nil {
		return nil, 0, false
	}
	ok = en.items != nil && en.items.batch == batch && item >= 0 && item < len(en.items.all)
	return en, item, ok
}

// setChild notes which execution runs an action.
func (e *Engine) setChild(en *entry, item int, id string) {
	switch {
	case id == "":
	case item < 0:
		if en.child != id {
			en.child = id
			e.c.dirty.entry(en)
		}
	case en.items.all[item].child != id:
		en.items.all[item].child = id
		e.c.dirty.item(en.items, item)
	}
}

// childOf returns the execution that runs an action.
func childOf(en *entry, item int) string {
	if item < 0 {
		return en.child
	}
	return en.items.all[item].child
}

// standing returns the status of an entry or of one of its items.
func standing(en *entry, item int) execution.Status {
	if item < 0 {
		return en.status
	}
	return en.items.all[item].status
}
