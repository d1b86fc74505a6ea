package process

import (
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// child is the program itself, from its start until it is reaped. It stays a
// zombie until [child.reap], so that its number names nobody else meanwhile.
type child struct {
	pid   int
	pidfd *os.File // nil where the kernel has none
	ended atomic.Bool
}

// prepare asks for what only Linux has.
func (f *fork) prepare() {
	f.sys.Pdeathsig = syscall.SIGKILL
	f.sys.PidFD = &f.pidfd
}

// adopt takes over a program that was started.
func (c *child) adopt(f *fork) {
	c.pid = f.pid
	if f.pidfd >= 0 {
		// A file that does not block is watched by the runtime's poller, so that a
		// program that runs costs no thread.
		_ = syscall.SetNonblock(f.pidfd, true)
		c.pidfd = os.NewFile(uintptr(f.pidfd), "pidfd")
	}
}

// exited reports whether the program has ended.
func (c *child) exited() bool { return c.ended.Load() }

// wait returns when the program has ended, or when [child.abandon] was called.
func (c *child) wait() {
	if c.pidfd == nil || !c.poll() {
		c.look(0)
	}
	c.ended.Store(true)
}

// poll waits in the runtime's poller. It returns false if it can't.
func (c *child) poll() bool {
	raw, err := c.pidfd.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Read(func(uintptr) bool { return c.look(syscall.WNOHANG) })
	return err == nil || os.IsTimeout(err)
}

// look reports whether the program has ended, and leaves the zombie alone.
// Without WNOHANG it waits for that.
func (c *child) look(options int) bool {
	const pPID = 1
	var info [32]int32 // siginfo_t: its first field is 0 while there is nothing to tell
	for {
		_, _, e := syscall.Syscall6(syscall.SYS_WAITID, pPID, uintptr(c.pid), uintptr(unsafe.Pointer(&info)),
			uintptr(syscall.WEXITED|syscall.WNOWAIT|options), 0, 0)
		if e != syscall.EINTR {
			return info[0] != 0
		}
	}
}

// abandon makes wait return although the program has not ended: it hangs in the
// kernel, where not even SIGKILL reaches it.
func (c *child) abandon() {
	if c.pidfd != nil {
		_ = c.pidfd.SetReadDeadline(time.Unix(1, 0)) // fails only if it has ended
	}
}

// reap takes the exit code.
func (c *child) reap() int {
	if c.pidfd != nil {
		defer c.pidfd.Close() //nolint:errcheck // nothing was written
	}
	var status syscall.WaitStatus
	pid, err := wait4(c.pid, &status, syscall.WNOHANG)
	if err == nil && pid == 0 {
		// It was abandoned. Whenever the kernel lets go of it, somebody must take
		// the zombie: nobody else can, and there is nothing to tell anybody.
		go func() { _, _ = wait4(c.pid, &status, 0) }()
		return -int(syscall.SIGKILL)
	}
	return exitCode(status)
}
