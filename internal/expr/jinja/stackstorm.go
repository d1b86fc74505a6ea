package jinja

import (
	"github.com/nightshift-run/nightshift/internal/expr/st2fn"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// stackstormFilters returns the filters that StackStorm adds to Jinja, but for
// decrypt_kv, which needs the keys of the datastore: who has them gives it as an
// option.
func stackstormFilters() map[string]filterFn {
	filters := map[string]filterFn{}
	for name, fn := range st2fn.All() {
		switch name {
		case "json_parse", "json_dump", "yaml_parse", "yaml_dump":
			continue // functions of workflows, no filters
		}
		filters[name] = pureFilter(name, fn)
	}
	return filters
}

// pureFilter makes a filter of a function that takes the value first. What is
// undefined it does not take.
func pureFilter(name string, fn value.Fn) filterFn {
	return func(f *frame, in value.Value, args *value.Args) (value.Value, error) {
		if u, ok := in.(*Undefined); ok {
			if u.Kind == Strict {
				return nil, u.err()
			}
			in = ""
		}
		all := &value.Args{Name: name, Named: args.Named, Pos: make([]value.Value, 0, len(args.Pos)+1)}
		all.Pos = append(append(all.Pos, in), args.Pos...)
		return fn(f.rt.ctx, all)
	}
}
