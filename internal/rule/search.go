package rule

import (
	"fmt"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// condition says how many items of a list must meet how many criteria.
type condition struct {
	allItems, allCriteria bool
}

func conditionOf(v value.Value) (condition, bool) {
	switch v {
	case "any":
		return condition{allCriteria: true}, true
	case "all":
		return condition{allItems: true, allCriteria: true}, true
	case "all2any":
		return condition{allItems: true}, true
	case "any2any":
		return condition{}, true
	}
	return condition{}, false
}

func checkCondition(v value.Value) error {
	if _, ok := conditionOf(v); ok {
		return nil
	}
	if v == nil {
		return value.ValueError.Errorf("a search needs a condition: any, all, any2any or all2any")
	}
	return value.ValueError.Errorf("there is no condition %s for a search, only any, all, any2any and all2any", value.Repr(v))
}

// search asks criteria about each item of a list.
func (cr *criterion) search(e *event, v, pattern value.Value, f *Finding) (bool, error) {
	if err := checkCondition(cr.condition); err != nil {
		return false, err
	}
	how, _ := conditionOf(cr.condition)
	if _, ok := v.(*value.Dict); ok {
		v = value.NewList(v)
	}
	items, err := value.Items(e.ctx, v)
	if err != nil {
		return false, fmt.Errorf("a search needs a list: %w", err)
	}
	sub := cr.sub
	if sub == nil {
		c := compiler{parse: cr.parse}
		d, ok := pattern.(*value.Dict)
		if !ok && len(items) > 0 {
			return false, value.TypeError.Errorf("the pattern of a search must be criteria, not %s", article(pattern))
		}
		sub = c.all(d, itemName, "")
	}
	met := 0
	found, err := quantify(how.allItems, len(items), func(i int) (bool, error) {
		item := event{ctx: e.ctx, root: itemName, payload: items[i], env: e.env}
		ok, err := quantify(how.allCriteria, len(sub.list), func(k int) (bool, error) {
			return sub.list[k].check(&item, nil)
		})
		if ok {
			met++
		}
		return ok, err
	})
	if f != nil {
		f.Note = how.sentence(met, len(items), len(sub.list))
	}
	return found, err
}

// quantify asks whether all, or any, of n things are so. One that fails leaves
// the answer open only if the others do not settle it.
func quantify(all bool, n int, ask func(i int) (bool, error)) (bool, error) {
	var failed error
	for i := range n {
		met, err := ask(i)
		switch {
		case err != nil:
			if failed == nil {
				failed = err
			}
		case met != all:
			return met, nil
		}
	}
	return all && failed == nil, failed
}

// sentence says what a search saw. It stops at the item that decides, so the
// numbers are lower bounds.
func (c condition) sentence(met, items, criteria int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d items seen to meet ", met, items)
	if c.allCriteria {
		fmt.Fprintf(&b, "all of %d criteria", criteria)
	} else {
		fmt.Fprintf(&b, "one of %d criteria", criteria)
	}
	if c.allItems {
		b.WriteString("; all items must")
	} else {
		b.WriteString("; one item must")
	}
	return b.String()
}
