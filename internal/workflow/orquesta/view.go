package orquesta

import (
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr"
)

// view is what expressions see of how the tasks stand.
type view struct{ c *conductor }

var _ expr.State = view{}

// TypeName implements [value.Object]: the reference has a dict in its place.
func (view) TypeName() string { return "dict" }

// Entry implements [expr.State].
func (v view) Entry(task string, route int64) (status string, on int64, ok bool) {
	e := v.c.seen(task, int(route))
	if e == nil {
		return "", 0, false
	}
	return string(e.status), int64(e.route), true
}

// seen returns the latest entry of a task on a route or, if it was not on that one,
// on the nearest earlier route that this one goes on from.
func (c *conductor) seen(task string, route int) *entry {
	for {
		if e := c.latest[place{task, route}]; e != nil {
			return e
		}
		if route <= 0 || route >= len(c.routes) {
			return nil
		}
		from := route
		for route--; route >= 0 && !within(c.routes[route], c.routes[from]); {
			route--
		}
		if route < 0 {
			return nil
		}
	}
}

// within reports whether all steps of a route are in another one.
func within(steps, route []string) bool {
	for _, s := range steps {
		if !slices.Contains(route, s) {
			return false
		}
	}
	return true
}
