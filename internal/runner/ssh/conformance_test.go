package ssh

import (
	"fmt"
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// TestConformanceHosts asks how hosts and their ports are written.
func TestConformanceHosts(t *testing.T) {
	conformance.Run(t, "st2_util", "testdata/known_st2_util.txt", func(c conformance.Case) error {
		if c.Kind != "split_host_port" {
			return conformance.ErrSkip
		}
		args, err := c.Dict("args")
		if err != nil {
			return err
		}
		text, _ := args.Get("host_str")
		p, err := parsePlace(text.(string))
		if _, message, ok := c.WantError(); ok {
			if err == nil {
				return fmt.Errorf("got %+v, want an error: %s", p, message)
			}
			return nil
		}
		if err != nil {
			return err
		}
		var port value.Value
		if p.port != 0 {
			port = int64(p.port)
		}
		return c.CompareResult(value.Tuple{p.host, port})
	})
}
