package process

import (
	"crypto/rand"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// smallInput is how much input certainly fits into an empty pipe.
const smallInput = 4 << 10

// fork is a program in the making.
type fork struct {
	path  string
	argv  []string
	attr  syscall.ProcAttr
	sys   syscall.SysProcAttr
	pidfd int
	pid   int
	err   error
	done  chan struct{}
}

// startForkers starts the threads that fork. The kernel kills a program when
// the thread that forked it ends (not the process), so forks are made by threads
// that live as long as the spawner.
func (s *Spawner) startForkers() {
	n := s.opts.Forkers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	for range n {
		s.forkers.Go(func() {
			runtime.LockOSThread() // and never unlocked: the thread ends with us
			for f := range s.forks {
				f.pid, f.err = syscall.ForkExec(f.path, f.argv, &f.attr)
				close(f.done)
			}
		})
	}
}

// start starts the program with its pipes.
func (r *run) start() (err error) {
	var ours, theirs []*os.File
	defer func() {
		for _, f := range theirs {
			_ = f.Close()
		}
		if err != nil {
			for _, f := range ours {
				_ = f.Close()
			}
		}
	}()

	f := &fork{path: r.cmd.Path, argv: r.cmd.Args, pidfd: -1, done: make(chan struct{})}
	f.attr = syscall.ProcAttr{Dir: r.cmd.Dir, Files: make([]uintptr, 3), Sys: &f.sys}
	f.sys.Setsid = true
	f.prepare()

	if len(r.cmd.Stdin) > 0 {
		their, our, err := os.Pipe()
		if err != nil {
			return fmt.Errorf("make a pipe for %s: %w", r.cmd.Path, err)
		}
		theirs, ours = append(theirs, their), append(ours, our)
		r.in, f.attr.Files[0] = our, their.Fd()
	}
	for i, to := range []func([]byte){r.cmd.Stdout, r.cmd.Stderr} {
		if to == nil {
			continue
		}
		our, their, err := os.Pipe()
		if err != nil {
			return fmt.Errorf("make a pipe for %s: %w", r.cmd.Path, err)
		}
		theirs, ours = append(theirs, their), append(ours, our)
		r.out[i], f.attr.Files[1+i] = our, their.Fd()
	}
	if ours := [3]*os.File{r.in, r.out[0], r.out[1]}; slices.Contains(ours[:], nil) {
		null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		if err != nil {
			return fmt.Errorf("start %s: %w", r.cmd.Path, err)
		}
		theirs = append(theirs, null)
		for i, our := range ours {
			if our == nil {
				f.attr.Files[i] = null.Fd()
			}
		}
	}

	for _, file := range r.cmd.Files {
		f.attr.Files = append(f.attr.Files, file.Fd())
	}

	r.mark = r.cmd.Mark
	if r.mark == "" {
		r.mark = r.spawner.random + strconv.FormatInt(r.spawner.count.Add(1), 10)
	}
	f.attr.Env = make([]string, 0, len(r.cmd.Env)+1)
	for _, entry := range r.cmd.Env {
		if !strings.HasPrefix(entry, markName+"=") { // another server's, that runs this one
			f.attr.Env = append(f.attr.Env, entry)
		}
	}
	f.attr.Env = append(f.attr.Env, markName+"="+r.mark)

	if err := r.spawner.fork(f); err != nil {
		return explain(r.cmd, err)
	}
	r.child.adopt(f)
	if r.in != nil && len(r.cmd.Stdin) <= smallInput {
		_, _ = r.in.Write(r.cmd.Stdin) // fits; who does not read it does not want it
		_ = r.in.Close()
		r.in = nil
	}
	return nil
}

// fork has one of the forkers start the program.
func (s *Spawner) fork(f *fork) error {
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return ErrClosed
	}
	s.forks <- f
	s.mu.RUnlock()
	<-f.done
	return f.err
}

// explain says why a program could not be started. The kernel has one number
// for several reasons.
func explain(c *Cmd, err error) error {
	if c.Dir != "" {
		if info, statErr := os.Stat(c.Dir); statErr != nil {
			return fmt.Errorf("enter the working directory: %w", statErr)
		} else if !info.IsDir() {
			return fmt.Errorf("enter the working directory: %s is not a directory", c.Dir)
		}
	}
	if err == syscall.EINVAL { //nolint:errorlint // it comes from the kernel as it is
		for _, text := range slices.Concat(c.Args, c.Env) {
			if strings.ContainsRune(text, 0) {
				return fmt.Errorf("start %s: its arguments or environment hold a NUL character: %w", c.Path, err)
			}
		}
	}
	if err == syscall.E2BIG { //nolint:errorlint // it comes from the kernel as it is
		return fmt.Errorf("start %s: its arguments and environment are larger than the system allows: %w", c.Path, err)
	}
	return fmt.Errorf("start %s: %w", c.Path, err)
}

// randomMark returns a text that no other spawner has.
func randomMark() string { return rand.Text() + "." }
