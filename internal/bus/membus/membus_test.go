package membus_test

import (
	"testing"
	"testing/synctest"

	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/bus/bustest"
	"github.com/nightshift-run/nightshift/internal/bus/membus"
)

func TestConformance(t *testing.T) {
	bustest.Run(t, bustest.Harness{
		New: func(*testing.T) bus.Bus { return new(membus.Bus) },
	})
}

// TestNoGoroutineOutlivesItsContext relies on synctest.Test, which fails when
// a goroutine of the bubble is still there at the end.
func TestNoGoroutineOutlivesItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(membus.Bus)
		if err := b.Subscribe(t.Context(), ">", func(bus.Message) {}); err != nil {
			t.Fatal(err)
		}
	})
}
