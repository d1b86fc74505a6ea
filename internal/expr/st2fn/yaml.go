package st2fn

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
)

// ToYAMLString returns v as YAML in block style. The indent is a number of
// blanks or None for the usual two.
func ToYAMLString(v, indent value.Value, unicode bool) (string, error) {
	o := pyyaml.Options{Unicode: unicode}
	switch n := indent.(type) {
	case nil:
	case int64:
		o.Indent = int(min(max(n, 0), maxIndent))
	default:
		return "", value.TypeError.Errorf("the indent must be a number, not %s", value.TypeName(indent))
	}
	b, err := pyyaml.Marshal(v, o)
	return string(b), err
}
