//go:build unix

package process

import (
	"syscall"
	"time"
)

// wait4 waits for one child.
func wait4(pid int, status *syscall.WaitStatus, options int) (int, error) {
	for {
		got, err := syscall.Wait4(pid, status, options, nil)
		if err != syscall.EINTR {
			return got, err
		}
	}
}

// exitCode is the exit code as Python has it.
func exitCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return -int(status.Signal())
	}
	return status.ExitStatus()
}

// endGroup ends the process group of a program whose context is done. It can't
// tell how many are left of those who have gone to another group.
func (r *run) endGroup() int {
	if syscall.Kill(-r.child.pid, syscall.SIGTERM) != nil {
		return 0
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(r.spawner.opts.Grace); time.Now().Before(until) && !r.child.exited(); {
		<-tick.C
	}
	_ = syscall.Kill(-r.child.pid, syscall.SIGKILL)
	return 0
}
