package install

import (
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
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
