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

// end ends the tree of a program whose context is done, as far as that is its
// process group.
func (r *run) end() int { return r.endGroup() }

// KillMarked does nothing here: the environment of others can't be read.
func KillMarked(func(mark string) bool, time.Duration) int { return 0 }

// End ends the process group of a leader that others have started.
func End(leader int, _ string, grace time.Duration) int {
	if syscall.Kill(-leader, syscall.SIGTERM) != nil {
		return 0
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(grace); time.Now().Before(until) && syscall.Kill(-leader, 0) == nil; {
		<-tick.C
	}
	_ = syscall.Kill(-leader, syscall.SIGKILL)
	return 0
}
