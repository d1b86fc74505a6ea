package pack_test

import (
	"fmt"
	"testing"
	"testing/fstest"

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

// TestConformancePackRefs asks which reference a pack has that says nothing of its
// folder.
func TestConformancePackRefs(t *testing.T) {
	conformance.Run(t, "st2_util", "testdata/known_st2_util.txt", func(c conformance.Case) error {
		if c.Kind != "get_pack_ref_from_metadata" {
			return conformance.ErrSkip
		}
		args, err := c.Dict("args")
		if err != nil {
			return err
		}
		given, _ := args.Get("metadata")
		metadata := given.(*value.Dict).Clone()
		for _, name := range []string{"description", "author", "version"} {
			metadata.Set(name, "1.0.0") // a pack must have them
		}
		text, err := value.ToJSON(metadata)
		if err != nil {
			return err
		}
		content, found := pack.Read(fstest.MapFS{"pack.yaml": {Data: text}}, ".", pack.Options{})
		if content.Pack == nil {
			return fmt.Errorf("it is none: %s", found)
		}
		return c.CompareResult(content.Pack.Ref)
	})
}
