package cmdline

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Arguments splits the parameters of an action into the positional arguments of
// its script, in the order of their positions, and the named ones, whose names
// get op in front. Every parameter with a position is an argument, given or not.
func Arguments(parameters, schema *value.Dict, op string) (positional []string, named *value.Dict, err error) {
	type place struct {
		at   float64
		name string
		kind string
	}
	var places []place
	if schema != nil {
		for name, v := range schema.Texts() {
			s, ok := v.(*value.Dict)
			if !ok {
				continue
			}
			kind, _ := s.Get("type")
			at, _ := s.Get("position")
			p := place{name: name}
			p.kind, _ = kind.(string)
			switch at := at.(type) {
			case int64:
				p.at = float64(at)
			case float64:
				p.at = at
			default:
				continue
			}
			places = append(places, p)
		}
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(a.at, b.at) })

	placed := make(map[string]bool, len(places))
	for _, p := range places {
		placed[p.name] = true
		v, _ := parameters.Get(p.name)
		text, err := positionalText(p.kind, v)
		if err != nil {
			return nil, nil, fmt.Errorf("parameter %q: %w", p.name, err)
		}
		positional = append(positional, text)
	}
	named = value.NewDictCap(parameters.Len())
	for name, v := range parameters.Texts() {
		if !placed[name] {
			named.Set(op+name, v)
		}
	}
	return positional, named, nil
}

// positionalText is how a positional argument of a type is written. Packs rely
// on all of it, also on an integer 0 being empty.
func positionalText(kind string, v value.Value) (string, error) {
	switch kind {
	case "string", "number", "float":
		switch v.(type) {
		case nil:
			return "", nil
		case string, bool, int64, *big.Int, float64:
			return value.Str(v), nil
		default:
			return "", fmt.Errorf("a %s is given for a %s", value.TypeName(v), kind)
		}
	case "boolean":
		switch {
		case v == nil:
			return "", nil
		case value.Truth(v):
			return "1", nil
		default:
			return "0", nil
		}
	case "array", "list":
		if !value.Truth(v) {
			return "", nil
		}
		items, err := items(v)
		if err != nil {
			return "", err
		}
		texts := make([]string, len(items))
		for i, item := range items {
			texts[i] = value.Str(item)
		}
		return strings.Join(texts, ","), nil
	case "object":
		if !value.Truth(v) {
			return "", nil
		}
		text, err := value.ToJSON(v)
		return string(text), err
	case "null":
		return "", nil
	default:
		if !value.Truth(v) {
			return "", nil
		}
		return value.Str(v), nil
	}
}

func items(v value.Value) ([]value.Value, error) {
	switch v := v.(type) {
	case *value.List:
		return v.Items, nil
	case value.Tuple:
		return v, nil
	case *value.Dict:
		return v.Keys(), nil
	case string:
		var chars []value.Value
		for _, c := range v {
			chars = append(chars, string(c))
		}
		return chars, nil
	default:
		return nil, fmt.Errorf("a %s is given for an array", value.TypeName(v))
	}
}
