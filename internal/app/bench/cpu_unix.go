//go:build unix

package bench

import (
	"syscall"
	"time"
)

// processorTime is how long processors have worked for this process.
func processorTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0 // it does not fail for oneself
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
