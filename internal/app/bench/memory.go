package bench

import (
	"context"
	"os"
	"time"
)

// watchMemory looks at the resident memory of this process again and again. The
// function that it returns ends that and says how much it was at most, in MiB.
func watchMemory(ctx context.Context) (peak func() (float64, error)) {
	ctx, stop := context.WithCancel(ctx)
	type seen struct {
		most float64
		err  error
	}
	last := make(chan seen, 1)
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		var s seen
		for {
			now, err := resident(os.Getpid())
			s.most = max(s.most, now)
			if err != nil {
				s.err = err
			}
			select {
			case <-ctx.Done():
				last <- s
				return
			case <-tick.C:
			}
		}
	}()
	return func() (float64, error) {
		stop()
		s := <-last
		return s.most, s.err
	}
}
