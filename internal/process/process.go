// Package process starts programs and makes sure that nothing of them stays.
//
// A program runs in a session of its own, with its output read in chunks while
// it runs. When its context ends, its whole tree ends: everybody gets SIGTERM,
// and who is still there after a grace gets SIGKILL, again and again until
// nobody is left.
//
// On Linux the tree of a program is everything that descends from it, everything
// in a session or process group of one of these, and everything that still has
// the program's mark in its environment: who forks twice, calls setsid and is
// adopted by init is found by the mark. Only a process that has left its
// session, lost its parents and wiped its environment before the end came
// escapes; so does what somebody else started on the program's behalf (a
// systemd unit, a container, a job of at). Elsewhere only the process group is
// reached.
//
// The kernel kills the program itself (not its tree) when this server dies, so
// that a killed server does not leave shells behind that go on to their next
// command; [KillMarked] ends the rest when the server is back.
//
// A program that ends by itself may leave processes behind on purpose: a
// repair that starts a daemon must not have it killed. They are left alone, and
// [Spawner.Run] does not wait for them longer than WaitDelay, even if they hold
// the output open.
package process

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Options are the settings of a [Spawner]. The zero value is good.
type Options struct {
	// Grace is the time between SIGTERM and SIGKILL. Default 5 s.
	Grace time.Duration
	// WaitDelay is how long output is read on after the program has ended while
	// a process that it left behind holds it open. Default 1 s.
	WaitDelay time.Duration
	// Forkers is how many programs can be in the making at once. Default: one
	// for each CPU.
	Forkers int
}

// A Cmd says what to run.
type Cmd struct {
	Path string   // absolute
	Args []string // with the name of the program first
	Dir  string   // "" is the server's own
	Env  []string // all of it: nothing is inherited; no name twice

	// Stdin is what the program reads; nil is nothing at all.
	Stdin []byte
	// Stdout and Stderr are called with each piece of output as it comes, and
	// must not keep it. Each is called by one goroutine at a time, both may be
	// called at once; while one does not return, the program waits. A nil one
	// throws the output away.
	Stdout, Stderr func(piece []byte)

	// Files are what the program has open beside these, from descriptor 3 on.
	// [Spawner.Run] closes them here, whether the program starts or not.
	Files []*os.File

	// Mark names the program's tree, see [KillMarked]. It is put into the
	// environment as NIGHTSHIFT_PROCESS. Default: something random.
	Mark string
	// Signal is asked to signal those processes of the tree that the server may
	// not signal itself, because they belong to another user. May be nil.
	Signal func(sig syscall.Signal, pids []int) error
}

// Exit says how a program ended.
type Exit struct {
	// Code is the exit code, or minus the number of the signal that ended the
	// program, as Python has it.
	Code int
	// Cause is the cause of the context's end if the program was still running
	// then, and nil otherwise.
	Cause error
	// Detached reports that the program left a process behind that held the
	// output open for longer than WaitDelay.
	Detached bool
	// Left is how many processes of the tree could not be ended.
	Left int
}

// ErrClosed is returned by a [Spawner] that was closed.
var ErrClosed = errors.New("process: spawner is closed")

// markName is the variable that marks a tree.
const markName = "NIGHTSHIFT_PROCESS"

// pieceSize is the most that is read at once: a pipe holds 64 KiB, and little
// more than half of it is worth a wake-up.
const pieceSize = 32 << 10

// lastRead is more than enough to read what a program has
// printed before it ended.
const lastRead = 200 * time.Millisecond

// A Spawner starts programs. It is safe for concurrent use.
type Spawner struct {
	opts    Options
	random  string // what this spawner's default marks begin with
	count   atomic.Int64
	forks   chan *fork
	pieces  sync.Pool
	forkers sync.WaitGroup

	mu     sync.RWMutex // closed, and that nobody sends to forks after it is closed
	closed bool
}

// New returns a spawner. [Spawner.Close] ends it.
func New(opts Options) *Spawner {
	if opts.Grace <= 0 {
		opts.Grace = 5 * time.Second
	}
	if opts.WaitDelay <= 0 {
		opts.WaitDelay = time.Second
	}
	s := &Spawner{opts: opts, random: randomMark(), forks: make(chan *fork)}
	s.pieces.New = func() any { b := make([]byte, pieceSize); return &b }
	s.startForkers()
	return s
}

// Close gives the spawner's threads back. It is to be called when all runs have
// ended: the kernel kills programs that still run.
func (s *Spawner) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.forks)
	}
	s.mu.Unlock()
	s.forkers.Wait()
}

// Run runs a program to its end. It returns an error only if the program could
// not be started. When ctx ends, so does the program with its tree, and Run
// returns when that is done.
func (s *Spawner) Run(ctx context.Context, c *Cmd) (Exit, error) {
	defer closeAll(c.Files)
	select {
	case <-ctx.Done():
		return Exit{Code: -int(syscall.SIGKILL), Cause: context.Cause(ctx)}, nil
	default:
	}
	r := run{spawner: s, cmd: c}
	if err := r.start(); err != nil {
		return Exit{}, err
	}
	closeAll(c.Files)
	return r.finish(ctx), nil
}

// closeAll closes files, those that are closed already too.
func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

// run is one running program.
type run struct {
	spawner *Spawner
	cmd     *Cmd
	mark    string
	child   child
	out     [2]*os.File // our ends of stdout and stderr; nil if thrown away
	in      *os.File    // our end of stdin; nil if there is none
	copying sync.WaitGroup
	late    [2]bool // whether the reader of out[i] gave up; read after copying
}

// finish waits for the end of the program and of its output, or brings it about.
func (r *run) finish(ctx context.Context) Exit {
	var exit Exit
	ended := make(chan struct{}) // closed when the tree has been ended
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		if r.child.exited() {
			// It has done its work. Nobody waits any more for what it left behind, but
			// that may be the daemon that it was to start.
			r.readUntil(time.Now().Add(lastRead))
			return
		}
		exit.Cause = context.Cause(ctx)
		exit.Left = r.end()
	})

	r.copyOutput()
	r.child.wait()
	r.readUntil(time.Now().Add(r.spawner.opts.WaitDelay))
	if r.in != nil {
		_ = r.in.Close() // nobody is there to read the rest
	}
	r.copying.Wait()
	if !stop() {
		<-ended
	}
	exit.Detached = r.late[0] || r.late[1]
	// Only now may the kernel give the number of the program to another one:
	// whoever ended the tree looked for it by number.
	exit.Code = r.child.reap()
	return exit
}

// readUntil says when the reading of output ends.
func (r *run) readUntil(t time.Time) {
	for _, f := range r.out {
		if f != nil {
			_ = f.SetReadDeadline(t) // fails only if the reader is done
		}
	}
}

// copyOutput starts to hand over output and input.
func (r *run) copyOutput() {
	to := [2]func([]byte){r.cmd.Stdout, r.cmd.Stderr}
	for i, f := range r.out {
		if f == nil {
			continue
		}
		r.copying.Go(func() {
			piece := r.spawner.pieces.Get().(*[]byte)
			defer r.spawner.pieces.Put(piece)
			for {
				n, err := f.Read(*piece)
				if n > 0 {
					to[i]((*piece)[:n])
				}
				if err != nil {
					r.late[i] = errors.Is(err, os.ErrDeadlineExceeded)
					_ = f.Close()
					return
				}
			}
		})
	}
	if r.in != nil {
		r.copying.Go(func() {
			_, _ = r.in.Write(r.cmd.Stdin) // who does not read it does not want it
			_ = r.in.Close()
		})
	}
}
