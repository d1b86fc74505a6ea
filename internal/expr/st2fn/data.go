package st2fn

import (
	"context"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/jsonpath"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
)

// NoneMagic is the text that stands for None in the result of a template until
// it is cast to the type of a parameter.
const NoneMagic = "%*****__%NONE%__*****%"

// UseNone returns [NoneMagic] for None, and everything else as it is.
func UseNone(v value.Value) value.Value {
	if v == nil {
		return NoneMagic
	}
	return v
}

// pythonJSON is how Python's json.dumps writes without further arguments.
func pythonJSON() value.JSONOptions {
	return value.JSONOptions{Item: ", ", Key: ": ", ASCII: true, NaN: true}
}

// ToComplex returns v as JSON, so that it keeps its type through a template.
func ToComplex(v value.Value) (string, error) {
	b, err := value.AppendJSONOptions(nil, v, pythonJSON())
	return string(b), err
}

// JSONEscape returns the text of v as it stands between the quotes of a JSON
// string.
func JSONEscape(v value.Value) (string, error) {
	s, err := ToComplex(v)
	return strings.Trim(s, `"`), err
}

// ToJSONString returns v as JSON. The indent is a number of blanks, a text or
// None for all in one line; the separators are a pair or None for the usual ones.
func ToJSONString(v, indent value.Value, sortKeys bool, separators value.Value) (string, error) {
	o := pythonJSON()
	o.SortKeys = sortKeys
	switch n := indent.(type) {
	case nil:
	case int64:
		s := strings.Repeat(" ", int(min(max(n, 0), maxIndent)))
		o.Indent = &s
		o.Item = ","
	case string:
		o.Indent = &n
		o.Item = ","
	default:
		return "", value.TypeError.Errorf("the indent must be a number or a text, not %s", value.TypeName(indent))
	}
	if separators != nil {
		var ok bool
		if o.Item, o.Key, ok = pair(separators); !ok {
			return "", value.TypeError.Errorf("the separators must be a pair of texts, not %s", value.Repr(separators))
		}
	}
	b, err := value.AppendJSONOptions(nil, v, o)
	return string(b), err
}

// maxIndent bounds what an indent can cost.
const maxIndent = 64

func pair(v value.Value) (first, second string, ok bool) {
	var items []value.Value
	switch v := v.(type) {
	case value.Tuple:
		items = v
	case *value.List:
		items = v.Items
	}
	if len(items) != 2 {
		return "", "", false
	}
	first, ok1 := items[0].(string)
	second, ok2 := items[1].(string)
	return first, second, ok1 && ok2
}

// FromJSONString reads JSON.
func FromJSONString(v value.Value) (value.Value, error) { return value.FromJSON([]byte(value.Str(v))) }

// FromYAMLString reads YAML as PyYAML does.
func FromYAMLString(v value.Value) (value.Value, error) {
	return pyyaml.Unmarshal([]byte(value.Str(v)))
}

// JSONPathQuery returns the list of what a path finds in v, or None if it finds
// nothing.
func JSONPathQuery(ctx context.Context, v, query value.Value) (value.Value, error) {
	text, ok := asText(query)
	if !ok {
		return nil, value.TypeError.Errorf("the query must be a text, not %s", value.TypeName(query))
	}
	path, err := jsonpath.Parse(text)
	if err != nil {
		return nil, err
	}
	found, err := path.Find(ctx, v)
	if err != nil || found == nil {
		return nil, err
	}
	return value.NewList(found...), nil
}

// Basename returns what follows the last slash of a path.
func Basename(v value.Value) (string, error) {
	s, ok := asText(v)
	if !ok {
		return "", notAPath(v)
	}
	return s[strings.LastIndexByte(s, '/')+1:], nil
}

// Dirname returns what stands before the last slash of a path.
func Dirname(v value.Value) (string, error) {
	s, ok := asText(v)
	if !ok {
		return "", notAPath(v)
	}
	head := s[:strings.LastIndexByte(s, '/')+1]
	if trimmed := strings.TrimRight(head, "/"); trimmed != "" {
		return trimmed, nil
	}
	return head, nil
}

func notAPath(v value.Value) error {
	return value.TypeError.Errorf("expected str, bytes or os.PathLike object, not %s", value.TypeName(v))
}
