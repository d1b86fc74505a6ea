package install

import (
	"fmt"
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pack"
)

// TestConformanceVersions asks what concerns the versions of packs.
func TestConformanceVersions(t *testing.T) {
	conformance.Run(t, "st2_util", "testdata/known_st2_util.txt", func(c conformance.Case) error {
		if c.Kind != "complex_semver_match" {
			return conformance.ErrSkip
		}
		args, err := c.Dict("args")
		if err != nil {
			return err
		}
		version, _ := args.Get("version")
		versions, _ := args.Get("version_specifier")
		return c.CompareResult(includes(versions.(string), version.(string)))
	})
}

// TestConformanceWarnings asks which packs are warned of. How that is worded is our own.
func TestConformanceWarnings(t *testing.T) {
	conformance.Run(t, "st2_util", "testdata/known_st2_util.txt", func(c conformance.Case) error {
		if c.Kind != "get_pack_warnings" {
			return conformance.ErrSkip
		}
		args, err := c.Dict("args")
		if err != nil {
			return err
		}
		metadata, _ := args.Get("pack_metadata")
		versions, _ := metadata.(*value.Dict).Get("python_versions")
		p := &pack.Pack{Ref: "p"}
		if list, ok := versions.(*value.List); ok {
			for _, v := range list.Items {
				p.PythonVersions = append(p.PythonVersions, v.(string))
			}
		}
		want, err := c.Value("result")
		if err != nil {
			return err
		}
		if got := pythonProblem(p); (got != "") != (want != nil) {
			return fmt.Errorf("got %q, want %s", got, value.Repr(want))
		}
		return nil
	})
}
