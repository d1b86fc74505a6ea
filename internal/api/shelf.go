package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/rbac"
	"github.com/nightshift-run/nightshift/internal/store"
)

// shelf serves things of one kind out of the catalog. N is the noun, W what it
// is on the wire.
type shelf[N, W any] struct {
	all  func(*catalog.Catalog) []N
	find func(c *catalog.Catalog, refOrID string) (N, bool)
	wire func(c *call, n N, sel selection) W

	// text returns an attribute to filter and sort by, and false when there is
	// no such attribute.
	text func(n N, name string) (string, bool)

	// filters are parameters that must be equal to the attribute of their name.
	filters []string
	// flags are parameters that are true or false.
	flags []string
	// keep is a filter of another kind; nil keeps all.
	keep func(c *call, n N) (bool, error)

	// view is the permission to see one; empty: who may list them may see all.
	view string

	limit int // by default; 0 is none
	attrs attributes
	noun  string // of what is not found: "Resource with a <noun> ..."
}

// refOrID is how most things are called.
const refOrID = "reference or id"

// lists returns the route of the list.
func (s shelf[N, W]) lists(path, permission, summary string) *route {
	var many []W
	r := to(http.MethodGet, apiService, path, permission, s.list, summary).gives(http.StatusOK, many).pages(s.limit).selects().texts(s.filters...)
	for _, name := range s.flags {
		r.asks(Parameter{Name: name, Type: "boolean", Description: "Only what is so."})
	}
	return r.asks(Parameter{Name: "id", Type: "array", Description: "Only those with these ids, at most 100."}).overall()
}

// shows returns the route of one thing.
func (s shelf[N, W]) shows(path, permission, summary string) *route {
	var one W
	return to(http.MethodGet, apiService, path, permission, s.show, summary).gives(http.StatusOK, one).on(s.about)
}

// about is the resource that the path names.
func (s shelf[N, W]) about(c *call) (*rbac.Resource, error) {
	n, err := s.get(c)
	if err != nil {
		return nil, err
	}
	return c.resources().of(n), nil
}

// seen reports whether the caller may see n in a list.
func (s shelf[N, W]) seen(c *call, n N) bool {
	if s.view == "" || c.who.free() {
		return true
	}
	r := c.resources().of(n)
	return r != nil && c.who.may(s.view, r)
}

func (s shelf[N, W]) list(c *call) error {
	sel, err := c.selection(s.attrs)
	if err != nil {
		return err
	}
	p, err := c.page(s.limit)
	if err != nil {
		return err
	}
	matches, err := s.matcher(c)
	if err != nil {
		return err
	}
	var kept []N
	for _, n := range s.all(c.catalog()) {
		ok := matches(n) && s.seen(c, n)
		if ok && s.keep != nil {
			if ok, err = s.keep(c, n); err != nil {
				return err
			}
		}
		if ok {
			kept = append(kept, n)
		}
	}
	s.sort(c, kept)
	total := len(kept)
	kept = kept[min(p.offset, total):]
	if p.limit >= 0 {
		kept = kept[:min(p.limit, len(kept))]
	}
	c.count(p, store.Total{N: total})
	out := make([]W, len(kept))
	for i, n := range kept {
		out[i] = s.wire(c, n, sel)
	}
	return list(c, out, sel)
}

// matcher returns the filter that the query asks for.
func (s shelf[N, W]) matcher(c *call) (func(N) bool, error) {
	wanted := map[string][]string{}
	ids, err := c.ids()
	if err != nil {
		return nil, err
	}
	if len(ids) > 0 {
		wanted["id"] = ids
	}
	for _, name := range s.filters {
		if v := c.param(name); v != "" {
			if isNull(v) {
				v = ""
			}
			wanted[name] = []string{v}
			if name == "name" {
				wanted[name] = append(wanted[name], splitCSV(v)...)
			}
		}
	}
	for _, name := range s.flags {
		if c.param(name) != "" {
			v, err := c.flag(name)
			if err != nil {
				return nil, err
			}
			wanted[name] = []string{flagText(v)}
		}
	}
	return func(n N) bool {
		for name, values := range wanted {
			if v, ok := s.text(n, name); ok && !slices.Contains(values, v) {
				return false
			}
		}
		return true
	}, nil
}

func flagText(v bool) string {
	if v {
		return "true"
	}
	return "false"
}

// sort puts things in the order that the query asks for. The catalog has them by
// their references; what can't be sorted by is passed over, as StackStorm does.
func (s shelf[N, W]) sort(c *call, things []N) {
	keys := splitCSV(c.param("sort"))
	if len(keys) == 0 {
		return
	}
	slices.SortStableFunc(things, func(a, b N) int {
		for _, key := range keys {
			name := strings.TrimLeft(key, "+- ")
			x, ok := s.text(a, name)
			if !ok {
				continue
			}
			y, _ := s.text(b, name)
			order := cmp.Compare(x, y)
			if strings.HasPrefix(key, "-") {
				order = -order
			}
			if order != 0 {
				return order
			}
		}
		return 0
	})
}

// get finds what the path names.
func (s shelf[N, W]) get(c *call) (N, error) {
	ref := c.part("ref")
	n, ok := s.find(c.catalog(), ref)
	if !ok {
		noun := s.noun
		if noun == "" {
			noun = refOrID
		}
		return n, fault.Newf(fault.NotFound, "Resource with a %s \"%s\" not found", noun, shortened(ref))
	}
	return n, nil
}

func (s shelf[N, W]) show(c *call) error {
	n, err := s.get(c)
	if err != nil {
		return err
	}
	return one(c, http.StatusOK, s.wire(c, n, selection{}), selection{})
}
