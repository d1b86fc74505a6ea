package spec_test

import (
	"fmt"
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

func TestConformanceOrquestaUtil(t *testing.T) {
	conformance.Run(t, "orquesta_util", "testdata/known_util.txt", func(c conformance.Case) error {
		args, err := c.Dict("args")
		if err != nil {
			return err
		}
		arg := func(name string) value.Value { v, _ := args.Get(name); return v }
		dict := func(name string) *value.Dict { d, _ := arg(name).(*value.Dict); return d }
		overwrite := !args.Has("overwrite") || value.Truth(arg("overwrite"))
		switch c.Kind {
		case "parse_inline_params":
			list := value.NewList()
			text, _ := arg("s").(string)
			for _, a := range spec.ParseInline(text) {
				list.Items = append(list.Items, one(a.Name, a.Value))
			}
			return c.CompareResult(list)
		case "merge_schema":
			got, err := spec.MergeSchemas(dict("s1"), dict("s2"), overwrite)
			if err != nil {
				return err
			}
			return c.CompareResult(got)
		case "merge_dicts":
			return c.CompareResult(spec.Merge(dict("left"), dict("right"), overwrite))
		case "deepcopy":
			return c.CompareResult(value.Copy(arg("value")))
		case "unicode":
			if text, ok := arg("s").(string); ok {
				return c.CompareResult(value.Str(text))
			}
			return c.CompareResult(arg("s"))
		case "set_current_task":
			return conformance.ErrSkip // package orquesta has it
		case "set_dict_value":
			return conformance.ErrSkip // a helper of the reference, for which there is no use here
		}
		return fmt.Errorf("kind %s is not known", c.Kind)
	})
}
