//go:build unix && !linux

package process

import (
	"sync/atomic"
	"syscall"
	"time"
)

// child is the program itself.
type child struct {
	pid   int
	ended atomic.Bool
	code  int
}

func (f *fork) prepare() {}

func (c *child) adopt(f *fork) { c.pid = f.pid }

func (c *child) exited() bool { return c.ended.Load() }

// wait waits for the end of the program and takes its exit code.
func (c *child) wait() {
	var status syscall.WaitStatus
	_, _ = wait4(c.pid, &status, 0)
	c.code = exitCode(status)
	c.ended.Store(true)
}

func (c *child) reap() int { return c.code }

// end ends the process group of a program whose context is done. It can't tell
// how many are left.
func (r *run) end() int {
	if syscall.Kill(-r.child.pid, syscall.SIGTERM) != nil {
		return 0
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(r.spawner.opts.Grace); time.Now().Before(until); <-tick.C {
		if syscall.Kill(-r.child.pid, 0) != nil {
			return 0
		}
	}
	_ = syscall.Kill(-r.child.pid, syscall.SIGKILL)
	return 0
}

// KillMarked does nothing here: the environment of others can't be read.
func KillMarked(func(mark string) bool, time.Duration) int { return 0 }
