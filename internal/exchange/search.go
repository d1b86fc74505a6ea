package exchange

import (
	"context"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// Pack returns what the indexes say of a pack.
func (x *Exchange) Pack(ctx context.Context, name string) (*value.Dict, error) {
	index := x.Index(ctx)
	entry, _ := index.Packs.Get(name)
	if d, ok := entry.(*value.Dict); ok {
		return d, nil
	}
	if index.Packs.Len() == 0 {
		return nil, noIndex(index)
	}
	return nil, fault.Newf(fault.NotFound, "No record of the \"%s\" pack in the index.", name)
}

// noIndex says why nothing is known.
func noIndex(index Index) error {
	if len(index.Status) == 0 {
		return fault.Newf(fault.Invalid, "There is no index of packs in the settings.")
	}
	var why []string
	for _, s := range index.Status {
		why = append(why, s.URL+": "+s.Message)
	}
	return fault.Newf(fault.Busy, "No index of packs can be read. %s", strings.Join(why, "; "))
}

// locate finds the repository of a pack that is named.
func (x *Exchange) locate(ctx context.Context, s Source) (Source, error) {
	entry, err := x.Pack(ctx, s.Name)
	if err != nil {
		return s, err
	}
	where, _ := entry.Get("repo_url")
	url, _ := where.(string)
	found, err := Parse(url)
	if err != nil || found.Name != "" {
		return s, fault.Newf(fault.Invalid, "The index says that the pack \"%s\" is at %s, which is no URL.", s.Name, value.Repr(where))
	}
	found.Text = s.Text
	if s.Ref != "" {
		found.Ref = s.Ref
	}
	return found, nil
}

// Search returns what the indexes say of the packs that a text is found in: first
// those with it in their name, then in their keywords, then elsewhere. Lists have it
// if it is one of their items. Upper and lower case are the same.
func (x *Exchange) Search(ctx context.Context, query string) ([]*value.Dict, error) {
	if query == "" {
		return nil, fault.Newf(fault.Invalid, "Query must be specified.")
	}
	index := x.Index(ctx)
	if index.Packs.Len() == 0 {
		return nil, noIndex(index)
	}
	query = strings.ToLower(query)
	matches := make([][]*value.Dict, 3)
	for _, entry := range index.Packs.All() {
		d := entry.(*value.Dict) //nolint:forcetypeassert // it was checked when the index was read
		if at := place(d, query); at >= 0 {
			matches[at] = append(matches[at], d)
		}
	}
	return slices.Concat(matches...), nil
}

// place returns where an entry has a text: 0 in its name, 1 in its keywords, 2
// elsewhere, -1 nowhere.
func place(entry *value.Dict, query string) int {
	for key, v := range entry.Texts() {
		if key == "repo_url" || key == "email" || !contains(v, query) {
			continue
		}
		switch key {
		case "name":
			return 0
		case "keywords":
			return 1
		}
		return 2
	}
	return -1
}

func contains(v value.Value, query string) bool {
	switch v := v.(type) {
	case *value.List:
		return slices.ContainsFunc(v.Items, func(item value.Value) bool { return strings.ToLower(value.Str(item)) == query })
	case *value.Dict:
		for key := range v.Texts() {
			if strings.ToLower(key) == query {
				return true
			}
		}
		return false
	}
	return strings.Contains(strings.ToLower(value.Str(v)), query)
}
