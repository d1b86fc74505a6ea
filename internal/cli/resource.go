package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/api/client"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// resource is a kind of thing that the API lists and gives.
type resource struct {
	name, plural string // as people say: rule, rules
	article      string // default "a"
	path         string // below /api/v1
	key          string // what names one: ref-or-id
	columns      []string
	fields       []string // that get shows; default all
	omit         []string // what is not to be sent back
	shape        shape
	narrow       bool // the API takes include_attributes
	last         bool // the list has -n, with 50 as its default
}

func (r resource) an() string {
	if r.article == "" {
		return "a " + r.name
	}
	return r.article + " " + r.name
}

// filter is a flag of a list that becomes a query.
type filter struct {
	flag, short string
	query       string // default: the flag, with _ for -
	local       string // the attribute to compare here, where the API has no such filter
	spelling    string // as StackStorm's client writes it, where that is no flag here
	help        string
	values      []string // for completion
}

func (f filter) name() string {
	if f.query != "" {
		return f.query
	}
	return strings.ReplaceAll(f.flag, "-", "_")
}

// listCommand lists things. Extra may add to the query.
func (a *app) listCommand(r resource, filters []filter, extra func(cmd *cobra.Command, q url.Values) error) *cobra.Command {
	var attrs []string
	var widths []int
	var last int
	values := make([]string, len(filters))
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the " + r.plural,
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			q := url.Values{}
			keep := map[string]string{}
			for i, f := range filters {
				switch {
				case values[i] == "":
				case f.local != "":
					keep[f.local] = values[i]
					q.Set("limit", "-1")
				default:
					q.Set(f.name(), values[i])
				}
			}
			if r.last {
				q.Set("limit", strconv.Itoa(last))
			}
			if r.narrow && !isAll(attrs) {
				q.Set("include_attributes", strings.Join(attrs, ","))
			}
			if extra != nil {
				if err := extra(cmd, q); err != nil {
					return err
				}
			}
			list, page, err := s.list(cmd.Context(), r.path, q)
			if err != nil {
				return err
			}
			if len(keep) == 0 {
				if err := s.table(list, attrs, r.shape, widths); err != nil {
					return err
				}
				s.more(r, len(list), page)
				return nil
			}
			list = slices.DeleteFunc(list, func(d *value.Dict) bool {
				for path, want := range keep {
					if textOf(d, path) != want {
						return true
					}
				}
				return false
			})
			return s.table(list, attrs, r.shape, widths)
		},
	}
	a.addColumns(cmd, &attrs, &widths, r.columns)
	if r.last {
		cmd.Flags().IntVarP(&last, "last", "n", 50, "how many to show, the latest ones; -1 for all")
	}
	for i, f := range filters {
		cmd.Flags().StringVarP(&values[i], f.flag, f.short, "", f.help)
		if f.spelling != "" {
			annotate(cmd, f.flag, spelling, f.spelling)
		}
		if f.values != nil {
			a.completeFlag(cmd, f.flag, cobra.FixedCompletions(f.values, cobra.ShellCompDirectiveNoFileComp))
		}
	}
	return cmd
}

// more says that there is more than was shown.
func (s *session) more(r resource, shown int, page client.Listing) {
	if s.machine() || page.Total <= shown {
		return
	}
	total := strconv.Itoa(page.Total)
	if page.AtLeast {
		total = "at least " + total
	}
	hint := ""
	if r.last {
		hint = " Use -n for more."
	}
	s.note(fmt.Sprintf("Note: %d of %s %s are shown.%s", shown, total, r.plural, hint))
}

func (a *app) addColumns(cmd *cobra.Command, attrs *[]string, widths *[]int, columns []string) {
	f := cmd.Flags()
	f.StringSliceVarP(attrs, "attr", "a", columns, `attributes to show; "all" for every one`)
	annotate(cmd, "attr", greedy, "")
	if widths != nil {
		f.IntSliceVarP(widths, "width", "w", nil, "widths of the columns; one is for all")
		annotate(cmd, "width", greedy, "")
	}
}

// getCommand shows things by what names them.
func (a *app) getCommand(r resource) *cobra.Command {
	var attrs []string
	cmd := &cobra.Command{
		Use:               "get <" + r.key + ">...",
		Short:             "Show " + r.an() + " in full",
		Args:              args(1, -1),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, names []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			return s.each(names, func(name string) error {
				d, err := s.get(cmd.Context(), r.path+"/"+seg(name), nil)
				if err != nil {
					return named(err, r, name)
				}
				return s.show(d, attrs, r.shape)
			})
		},
	}
	fields := r.fields
	if fields == nil {
		fields = []string{all}
	}
	a.addColumns(cmd, &attrs, nil, fields)
	return cmd
}

// each does something with every name, also after one that failed.
func (s *session) each(names []string, f func(name string) error) error {
	var errs []error
	for _, name := range names {
		err := f(name)
		if err == nil {
			continue
		}
		errs = append(errs, err)
		if errors.Is(err, context.Canceled) || fault.KindOf(err) == fault.Busy || fault.KindOf(err) == fault.Unauthorized {
			break // the next one would say the same
		}
	}
	if len(errs) > 1 {
		for _, err := range errs[:len(errs)-1] {
			report(s.Err, err)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return errs[len(errs)-1]
}

// named says what was not found, where a server only says that something was not.
func named(err error, r resource, name string) error {
	if refusal, ok := errors.AsType[*client.Error](err); ok && refusal.Status == http.StatusNotFound &&
		!strings.Contains(refusal.Fault, name) {
		return &fault.Fault{Kind: fault.NotFound, Msg: fmt.Sprintf("There is no %s %s.", r.name, name), Err: err}
	}
	return err
}
