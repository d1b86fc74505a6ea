package pack_test

import (
	"fmt"
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pack"
)

// TestConformanceReferences asks how references of content are written.
func TestConformanceReferences(t *testing.T) {
	conformance.Run(t, "st2_util", "testdata/known_st2_util.txt", func(c conformance.Case) error {
		if c.Kind != "is_resource_reference" && c.Kind != "from_string_reference" {
			return conformance.ErrSkip
		}
		args, err := c.Dict("args")
		if err != nil {
			return err
		}
		given, _ := args.Get("ref")
		text, _ := given.(string)
		owner, name, ok := pack.SplitRef(text)
		if c.Kind == "is_resource_reference" {
			return c.CompareResult(ok)
		}
		if _, _, wrong := c.WantError(); wrong {
			if ok {
				return fmt.Errorf("%s is taken for a reference", value.Repr(given))
			}
			return nil
		}
		return c.CompareResult(conformance.Reference{Pack: owner, Name: name})
	})
}
