//go:build unix

package process

import "syscall"

// wait4 waits for one child.
func wait4(pid int, status *syscall.WaitStatus, options int) (int, error) {
	for {
		got, err := syscall.Wait4(pid, status, options, nil)
		if err != syscall.EINTR { //nolint:errorlint // it comes from the kernel as it is
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
