// Package st2fn holds the functions that StackStorm adds to the expression
// languages: regular expressions, versions, JSON, YAML and the like. [All] has
// them in the form in which a language can call them; the rest are their bodies.
//
// They are pure and may be called by several goroutines at once.
package st2fn

import (
	"context"
	"maps"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// asText returns the text that v is.
func asText(v value.Value) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case value.Markup:
		return string(v), true
	case value.Bytes:
		return string(v), true
	}
	return "", false
}

// body is a function with its arguments in order. Those that were not given have
// their defaults.
type body func(ctx context.Context, a []value.Value) (value.Value, error)

// function describes the arguments of a body: required ones, then those with a
// default.
type function struct {
	names    []string
	defaults []value.Value
	body     body
}

// All returns the functions by name: those that Jinja has as filters, which take
// the filtered value first, and the further names that workflows know
// (json_parse, json_dump, yaml_parse, yaml_dump). What is looked up lazily is
// looked up before it is given to a function.
func All() map[string]value.Fn {
	all := map[string]value.Fn{}
	for name, f := range functions() {
		all[name] = f.fn()
	}
	return all
}

func (f function) fn() value.Fn {
	required := len(f.names) - len(f.defaults)
	return func(ctx context.Context, a *value.Args) (value.Value, error) {
		args := make([]value.Value, len(f.names))
		if err := a.Into(args, required, f.names...); err != nil {
			return nil, err
		}
		for i, arg := range args {
			if value.IsAbsent(arg) {
				args[i] = f.defaults[i-required]
				continue
			}
			if lazy, ok := arg.(value.Lazy); ok {
				v, err := lazy.Force(ctx)
				if err != nil {
					return nil, err
				}
				args[i] = v
			}
		}
		v, err := f.body(ctx, args)
		if err != nil {
			return nil, regexError(err)
		}
		return v, nil
	}
}

func functions() map[string]function {
	all := map[string]function{
		"to_human_time_from_seconds": one("seconds", HumanTime),
		"use_none":                   one("value", func(v value.Value) (value.Value, error) { return UseNone(v), nil }),
		"to_complex":                 one("value", ToComplex),
		"json_escape":                one("value", JSONEscape),
		"from_json_string":           one("value", FromJSONString),
		"from_yaml_string":           one("value", FromYAMLString),
		"basename":                   one("path", Basename),
		"dirname":                    one("path", Dirname),
		"jsonpath_query": {names: []string{"value", "query"}, body: func(ctx context.Context, a []value.Value) (value.Value, error) {
			return JSONPathQuery(ctx, a[0], a[1])
		}},
		"to_json_string": {
			names:    []string{"value", "indent", "sort_keys", "separators"},
			defaults: []value.Value{nil, false, value.Tuple{",", ": "}},
			body: func(_ context.Context, a []value.Value) (value.Value, error) {
				return ToJSONString(a[0], a[1], value.Truth(a[2]), a[3])
			},
		},
		"to_yaml_string": {
			names:    []string{"value", "indent", "allow_unicode"},
			defaults: []value.Value{nil, true},
			body: func(_ context.Context, a []value.Value) (value.Value, error) {
				return ToYAMLString(a[0], a[1], value.Truth(a[2]))
			},
		},
	}
	maps.Copy(all, regexFunctions())
	maps.Copy(all, versionFunctions())
	for name, same := range map[string]string{
		"json_parse": "from_json_string", "json_dump": "to_json_string",
		"yaml_parse": "from_yaml_string", "yaml_dump": "to_yaml_string",
	} {
		all[name] = all[same]
	}
	return all
}

// one makes a function of a body with one argument.
func one[T any](name string, f func(value.Value) (T, error)) function {
	return function{names: []string{name}, body: func(_ context.Context, a []value.Value) (value.Value, error) {
		return f(a[0])
	}}
}

// two makes a function of a body with two arguments.
func two[T any](f func(v, pattern value.Value) (T, error)) function {
	return function{names: []string{"value", "pattern"}, body: func(_ context.Context, a []value.Value) (value.Value, error) {
		return f(a[0], a[1])
	}}
}

func regexFunctions() map[string]function {
	test := func(f func(v, pattern value.Value, ignoreCase bool) (bool, error)) function {
		return function{
			names: []string{"value", "pattern", "ignorecase"}, defaults: []value.Value{false},
			body: func(_ context.Context, a []value.Value) (value.Value, error) {
				return f(a[0], a[1], value.Truth(a[2]))
			},
		}
	}
	return map[string]function{
		"regex_match":  test(RegexMatch),
		"regex_search": test(RegexSearch),
		"regex_replace": {
			names: []string{"value", "pattern", "replacement", "ignorecase"}, defaults: []value.Value{false},
			body: func(_ context.Context, a []value.Value) (value.Value, error) {
				return RegexReplace(a[0], a[1], a[2], value.Truth(a[3]))
			},
		},
		"regex_substring": {
			names: []string{"value", "pattern", "result_index", "ignorecase"}, defaults: []value.Value{int64(0), false},
			body: func(_ context.Context, a []value.Value) (value.Value, error) {
				var index int64
				switch n := a[2].(type) {
				case int64:
					index = n
				case bool:
					if n {
						index = 1
					}
				default:
					return nil, value.TypeError.Errorf("list indices must be integers or slices, not %s", value.TypeName(a[2]))
				}
				return RegexSubstring(a[0], a[1], index, value.Truth(a[3]))
			},
		},
	}
}

func versionFunctions() map[string]function {
	is := func(want int64) function {
		return two(func(v, pattern value.Value) (bool, error) {
			c, err := VersionCompare(v, pattern)
			return c == want && err == nil, err
		})
	}
	bump := func(which int) function {
		return one("value", func(v value.Value) (string, error) { return VersionBump(v, which) })
	}
	return map[string]function{
		"version_compare":     two(VersionCompare),
		"version_more_than":   is(1),
		"version_less_than":   is(-1),
		"version_equal":       is(0),
		"version_match":       two(VersionMatch),
		"version_bump_major":  bump(0),
		"version_bump_minor":  bump(1),
		"version_bump_patch":  bump(2),
		"version_strip_patch": one("value", VersionStripPatch),
	}
}
