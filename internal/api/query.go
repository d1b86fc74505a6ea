package api

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/store"
)

// flag returns a parameter that is true or false; false when it is not given.
func (c *call) flag(name string) (bool, error) {
	switch strings.ToLower(c.param(name)) {
	case "true", "1", "yes", "y":
		return true, nil
	case "", "false", "0", "no", "n":
		return false, nil
	default:
		return false, fault.Newf(fault.Invalid, "Parameter \"%s\" is not of type boolean", name)
	}
}

var integer = regexp.MustCompile(`^[+-]?[0-9]+$`)

// number returns a parameter that is an integer, and def when it is not given.
func (c *call) number(name string, def int) (int, error) {
	s := c.param(name)
	if s == "" {
		return def, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, fault.Newf(fault.Invalid, "Parameter \"%s\" is not of type integer", name)
	}
	return n, nil
}

// moment returns a parameter that is a time; zero when it is not given.
func (c *call) moment(name string) (time.Time, error) {
	s := c.param(name)
	if s == "" || isNull(s) {
		return time.Time{}, nil
	}
	t, err := wire.ParseTime(s)
	if err != nil {
		return t, fault.Newf(fault.Invalid, "Parameter \"%s\": %v", name, err)
	}
	return t, nil
}

// csv returns a parameter that is a list.
func (c *call) csv(name string) []string { return splitCSV(c.param(name)) }

func splitCSV(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// ids returns the parameter id, a list of at most 100 ids.
func (c *call) ids() ([]string, error) {
	const name = "id"
	list := c.csv(name)
	const most = 100
	if len(list) > most {
		return nil, fault.Newf(fault.Invalid, "Parameter \"%s\" has %d ids; at most %d can be asked for at a time.", name, len(list), most)
	}
	for _, id := range list {
		if !ident.Valid(strings.ToLower(id)) {
			return nil, fault.Newf(fault.Invalid,
				"'%s' is not a valid ObjectId, it must be a 12-byte input or a 24-character hex string", id)
		}
	}
	return list, nil
}

// isNull reports whether a value of a filter asks for things without one.
func isNull(s string) bool { return strings.EqualFold(s, "null") || strings.EqualFold(s, "none") }

// page is the part of a list that a client asks for.
type page struct {
	limit  int // -1: all
	offset int
	given  bool // limit is to be told
	// bounded says that all was asked for, so that the limit is to be told if there
	// is more.
	bounded bool
}

// page reads limit and offset. A def of 0 means that without a limit there is none.
func (c *call) page(def int) (page, error) {
	p := page{limit: def, given: def > 0}
	if def == 0 {
		p.limit = -1
	}
	if s := c.param("limit"); s != "" {
		n, err := strconv.Atoi(s)
		switch {
		case err != nil && !integer.MatchString(s):
			return p, fault.Newf(fault.Invalid, "Parameter \"limit\" is not of type integer")
		case strings.HasPrefix(s, "-") && (err != nil || n < -1):
			return p, fault.Newf(fault.Invalid, "Limit, \"%s\" specified, must be a positive number.", s)
		case err != nil:
			return p, fault.Newf(fault.Invalid, "Limit, \"%s\" specified, is too large.", s)
		case n == 0:
			return p, fault.Newf(fault.Invalid, "Limit, \"0\" specified, must be a positive number or -1 for full result set.")
		case !c.who.Admin && (n < 0 || n > c.opts.MaxPage):
			return p, fault.Newf(fault.Forbidden, "Limit \"%d\" specified, maximum value is \"%d\"", n, c.opts.MaxPage)
		}
		p.limit, p.given = n, n > 0
	}
	if s := c.param("offset"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		switch {
		case !integer.MatchString(s):
			return p, fault.Newf(fault.Invalid, "Parameter \"offset\" is not of type integer")
		case err != nil && s[0] != '-', n >= 1<<31:
			return p, fault.Newf(fault.Invalid, "Offset \"%s\" specified is more than 32-bit int", s)
		case err != nil, n < 0:
			return p, fault.Newf(fault.Invalid, "Offset \"%s\" specified must not be negative.", s)
		}
		p.offset = int(n)
	}
	return p, nil
}

// ledger returns p for a list of the ledger, which is never unbounded.
func (p *page) ledger(asc bool) store.Page {
	if p.limit < 0 || p.limit > maxLedgerPage {
		p.given, p.bounded = p.limit > 0, p.limit < 0
		p.limit = maxLedgerPage
	}
	return store.Page{Limit: p.limit, Offset: p.offset, Asc: asc}
}

// count tells how much there is in all.
func (c *call) count(p page, total store.Total) {
	h := c.w.Header()
	h.Set("X-Total-Count", itoa(total.N))
	if total.AtLeast {
		h.Set("X-Total-Count-At-Least", "true")
	}
	if p.given || p.bounded && (total.AtLeast || total.N > p.limit) {
		h.Set("X-Limit", itoa(p.limit))
	}
}

// oldestFirst reports whether a list by time is wanted from its beginning.
func (c *call) oldestFirst(field string) bool {
	for _, s := range append(splitCSV(c.param("sort")), splitCSV(c.param("sort_asc"))...) {
		switch strings.TrimLeft(s, "+ ") {
		case field, "id", "timestamp":
			return true
		}
	}
	return false
}

// list answers with a page of a list.
func list[T any](c *call, items []T, sel selection) error {
	return c.array(func(add func(any) error) error { return addAll(items, sel, add) })
}

// addAll adds what is asked for of items.
func addAll[T any](items []T, sel selection, add func(any) error) error {
	for _, item := range items {
		var picked any = item
		if !sel.all() {
			var err error
			if picked, err = sel.pick(item); err != nil {
				return err
			}
		}
		if err := add(picked); err != nil {
			return err
		}
	}
	return nil
}

// one answers with one thing.
func one[T any](c *call, status int, item T, sel selection) error {
	if sel.all() {
		return c.json(status, item)
	}
	picked, err := sel.pick(item)
	if err != nil {
		return err
	}
	return c.json(status, picked)
}
