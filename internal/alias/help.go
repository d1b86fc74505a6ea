package alias

import (
	"fmt"

	"github.com/nightshift-run/nightshift/internal/expr/pyre"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// HelpQuery says which help is wanted.
type HelpQuery struct {
	Pack   string // empty: of all
	Filter string // a regular expression that is found in the text, whatever the case
	Limit  int    // at most so many; 0 and less: all
	Offset int    // so many are passed over; less than 0: none
}

// Help is a line of help.
type Help struct {
	Pack        string
	Display     string
	Description string
}

// HelpOn returns the help of enabled aliases, and how much there is in all.
func HelpOn(aliases []*Alias, q HelpQuery) (page []Help, available int, err error) {
	filter, err := pyre.Compile(q.Filter, pyre.IgnoreCase)
	if err != nil {
		return nil, 0, &fault.Fault{Kind: fault.Invalid, Msg: fmt.Sprintf("The filter is no regular expression: %v", err), Err: err}
	}
	for _, a := range aliases {
		if !a.Enabled || q.Pack != "" && q.Pack != a.Pack {
			continue
		}
		for _, f := range a.formats() {
			if f.Display == "" {
				continue
			}
			m, err := filter.Search(f.Display)
			switch {
			case err != nil:
				return nil, 0, &fault.Fault{Kind: fault.Invalid, Msg: fmt.Sprintf("The filter is too hard to match: %v", err), Err: err}
			case m == nil:
				continue
			}
			if n := available - max(q.Offset, 0); n >= 0 && (q.Limit <= 0 || n < q.Limit) {
				page = append(page, Help{a.Pack, f.Display, a.Description})
			}
			available++
		}
	}
	return page, available, nil
}
