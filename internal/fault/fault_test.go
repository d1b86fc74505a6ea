package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/nightshift-run/nightshift/internal/fault"
)

func ExampleKindOf() {
	err := fmt.Errorf("load rule: %w", fault.Newf(fault.NotFound, "no rule named %q", "core.ping"))
	fmt.Println(fault.KindOf(err) == fault.NotFound, err)
	// Output: true load rule: no rule named "core.ping"
}

func TestKindOf(t *testing.T) {
	busy := fault.Newf(fault.Busy, "queue is full")
	tests := map[string]struct {
		err  error
		want fault.Kind
	}{
		"nil":       {nil, fault.Internal},
		"foreign":   {errors.New("disk gone"), fault.Internal},
		"direct":    {busy, fault.Busy},
		"wrapped":   {fmt.Errorf("admit: %w", busy), fault.Busy},
		"joined":    {errors.Join(errors.New("x"), busy), fault.Busy},
		"outermost": {&fault.Fault{Kind: fault.Invalid, Err: busy}, fault.Invalid},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := fault.KindOf(tt.err); got != tt.want {
				t.Errorf("KindOf(%v) = %v, want %v", tt.err, got, tt.want)
			}
		})
	}
}
