package jinja

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// filterFn is a filter that may look at where it is used.
type filterFn func(f *frame, in value.Value, args *value.Args) (value.Value, error)

// builtinFilters returns the filters of Jinja.
func builtinFilters() map[string]filterFn {
	return map[string]filterFn{
		"abs":            plainFilter(value.Abs),
		"attr":           filterAttr,
		"batch":          filterBatch,
		"capitalize":     textFilter(value.Capitalize),
		"center":         filterCenter,
		"count":          filterLength,
		"d":              filterDefault,
		"default":        filterDefault,
		"dictsort":       filterDictsort,
		"e":              filterEscape,
		"escape":         filterEscape,
		"filesizeformat": filterFilesize,
		"first":          filterFirst,
		"float":          filterFloat,
		"forceescape":    filterForceEscape,
		"format":         filterFormat,
		"groupby":        filterGroupby,
		"indent":         filterIndent,
		"int":            filterInt,
		"items":          filterItems,
		"join":           filterJoin,
		"last":           filterLast,
		"length":         filterLength,
		"list":           filterList,
		"lower":          textFilter(value.Lower),
		"map":            filterMap,
		"max":            extreme(true),
		"min":            extreme(false),
		"pprint":         filterPprint,
		"random":         filterRandom,
		"reject":         selecting(false, false),
		"rejectattr":     selecting(false, true),
		"replace":        filterReplace,
		"reverse":        filterReverse,
		"round":          filterRound,
		"safe":           filterSafe,
		"select":         selecting(true, false),
		"selectattr":     selecting(true, true),
		"slice":          filterSlice,
		"sort":           filterSort,
		"string":         filterString,
		"striptags":      filterStriptags,
		"sum":            filterSum,
		"title":          filterTitle,
		"tojson":         filterTojson,
		"trim":           filterTrim,
		"truncate":       filterTruncate,
		"unique":         filterUnique,
		"upper":          textFilter(value.Upper),
		"urlencode":      filterURLEncode,
		"urlize":         filterURLize,
		"wordcount":      filterWordcount,
		"wordwrap":       filterWordwrap,
		"xmlattr":        filterXMLAttr,
	}
}

// plainFilter makes a filter without arguments.
func plainFilter(fn func(v value.Value) (value.Value, error)) filterFn {
	return func(_ *frame, in value.Value, args *value.Args) (value.Value, error) {
		if err := args.None(); err != nil {
			return nil, err
		}
		if u, ok := in.(*Undefined); ok {
			return nil, u.err()
		}
		return fn(in)
	}
}

// textFilter makes a filter of text without arguments. Safe text stays safe.
func textFilter(fn func(s string) string) filterFn {
	return func(_ *frame, in value.Value, args *value.Args) (value.Value, error) {
		if err := args.None(); err != nil {
			return nil, err
		}
		s, err := softStr(in)
		if err != nil {
			return nil, err
		}
		return s.with(fn(s.text)), nil
	}
}

// soft is the text of a value, and whether it is safe.
type soft struct {
	text string
	safe bool
}

// softStr returns v as text.
func softStr(v value.Value) (soft, error) {
	if m, ok := v.(value.Markup); ok {
		return soft{string(m), true}, nil
	}
	s, err := value.ToStr(v)
	return soft{s, false}, err
}

// onlyText returns v, which has to be text already.
func onlyText(v value.Value) (soft, error) {
	if err := raises(v); err != nil {
		return soft{}, err
	}
	switch v := v.(type) {
	case string, value.Markup:
		return softStr(v)
	case *Undefined:
		return soft{}, v.err()
	}
	return soft{}, value.TypeError.Errorf("want text, not '%s'", value.TypeName(v))
}

// with returns another text that is as safe.
func (s soft) with(text string) value.Value {
	if s.safe {
		return value.Markup(text)
	}
	return text
}

// truthArg returns an argument as a condition.
func truthArg(v value.Value, otherwise bool) (bool, error) {
	if value.IsAbsent(v) {
		return otherwise, nil
	}
	return value.Truth(v), raises(v)
}

// intArg returns an argument as an int of a size that makes sense.
func intArg(v value.Value, otherwise int) (int, error) {
	if value.IsAbsent(v) {
		return otherwise, nil
	}
	switch n := v.(type) {
	case int64:
		return int(min(max(n, -1<<40), 1<<40)), nil
	case bool:
		if n {
			return 1, nil
		}
		return 0, nil
	case *Undefined:
		return 0, n.err()
	}
	return 0, value.TypeError.Errorf("'%s' object cannot be interpreted as an integer", value.TypeName(v))
}

// textArg returns an argument as text.
func textArg(v value.Value, otherwise string) (string, error) {
	if value.IsAbsent(v) || v == nil {
		return otherwise, nil
	}
	return value.ToStr(v)
}

// attrOf returns a function that gets an attribute of each item: a name, or an
// index, or several with dots between them. A nil attribute is the item itself.
func (f *frame) attrOf(attribute, otherwise value.Value) (func(v value.Value) (value.Value, error), error) {
	path := attrPath(attribute)
	return func(v value.Value) (value.Value, error) {
		for _, key := range path {
			var err error
			if v, err = f.getItem(v, key); err != nil {
				return nil, err
			}
			if _, missing := v.(*Undefined); missing && otherwise != nil {
				v = otherwise
			}
		}
		return v, nil
	}, nil
}

// attrPath cuts an attribute at its dots; what is a number is an index.
func attrPath(attribute value.Value) []value.Value {
	switch a := attribute.(type) {
	case nil:
		return nil
	case int64:
		return []value.Value{a}
	case string, value.Markup:
		return dottedPath(value.Str(a))
	}
	return []value.Value{attribute}
}

// ignoreCase returns text in lower case and other values as they are.
func ignoreCase(v value.Value) value.Value {
	switch s := v.(type) {
	case string:
		return value.Lower(s)
	case value.Markup:
		return value.Lower(string(s))
	}
	return v
}

// generate returns a generator of items that are made one by one, and lets each
// count.
func (f *frame) generate(name string, next func() (value.Value, bool, error)) *value.Generator {
	return value.NewGenerator("sync_do_"+name, withoutContext(f, next))
}
