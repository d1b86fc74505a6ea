package python

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nightshift-run/nightshift/internal/process"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// zygote is one running zygote.
type zygote struct {
	runner *Runner
	conn   *net.UnixConn
	began  time.Time
	kill   context.CancelFunc
	heard  chan struct{}   // closed when all that it has said is read
	gone   chan struct{}   // closed when it has ended and everybody knows
	said   *runner.Capture // what it wrote to its standard error; read it after gone

	mu      sync.Mutex
	next    int                   // number of the next child; guarded by mu
	waiting map[int]chan<- report // who waits for the end of a child, by number; guarded by mu
	users   int                   // who has taken it and not released it; guarded by mu
	closed  bool                  // it takes nobody any more; guarded by mu
	asked   bool                  // it was we who closed it; guarded by mu
	idle    *time.Timer           // closes it; guarded by mu
	ended   time.Time             // set before gone is closed
	exit    process.Exit          // set before gone is closed
}

// report is what a zygote says of a child.
type report struct {
	code    int
	refused string // why there was no child
	died    bool   // the zygote did
}

// start starts the zygote of an environment, taken once. It does not wait until
// the interpreter is there: packets can be sent to it already.
func (r *Runner) start(env Environment) (*zygote, error) {
	ours, theirs, err := socketPair(syscall.SOCK_SEQPACKET)
	if err != nil {
		return nil, err
	}
	conn, err := net.FileConn(ours)
	_ = ours.Close() // conn has a copy
	if err != nil {
		_ = theirs.Close()
		return nil, err
	}
	ctx, kill := context.WithCancel(r.ctx)
	z := &zygote{
		runner: r, conn: conn.(*net.UnixConn), began: time.Now(), kill: kill,
		heard: make(chan struct{}), gone: make(chan struct{}),
		said: runner.NewCapture(runner.Discard{}, runner.Stderr, 4<<10), waiting: map[int]chan<- report{}, users: 1,
	}
	cmd := &process.Cmd{
		Path: env.Python, Args: []string{env.Python, "-u", "-s", filepath.Join(r.shim, "zygote.py")}, Dir: "/",
		Env: append(slices.Clip(r.opts.Env), "PYTHONUTF8=1"),
		// Children write other marks over it, which are shorter.
		Mark:  "zygote." + rand.Text() + rand.Text(),
		Files: []*os.File{theirs}, Stderr: z.said.Add,
	}
	r.all.Add(2)
	go func() {
		defer r.all.Done()
		defer kill()
		exit, err := r.spawner.Run(ctx, cmd)
		if err != nil {
			z.said.Add([]byte(err.Error()))
		}
		z.end(exit)
	}()
	go func() {
		defer r.all.Done()
		z.listen()
	}()
	return z, nil
}

// listen hands on what the zygote says, until it has ended.
func (z *zygote) listen() {
	defer close(z.heard)
	packet := make([]byte, 4096)
	for {
		n, err := z.conn.Read(packet)
		if err != nil || n == 0 {
			_ = z.conn.Close()
			return
		}
		number, rest, _ := strings.Cut(string(packet[:n]), " ")
		what, detail, _ := strings.Cut(rest, " ")
		id, err := strconv.Atoi(number)
		if err != nil {
			continue
		}
		var said report
		if what == "exited" {
			said.code, _ = strconv.Atoi(detail)
		} else {
			said.refused = detail
		}
		z.mu.Lock()
		waiter := z.waiting[id]
		delete(z.waiting, id)
		z.mu.Unlock()
		if waiter != nil {
			waiter <- said
		}
	}
}

// end tells all who wait that the zygote has ended.
func (z *zygote) end(exit process.Exit) {
	_ = z.conn.SetReadDeadline(time.Now().Add(time.Second)) // more than enough for what it said last
	<-z.heard
	z.mu.Lock()
	z.closed, z.exit, z.ended = true, exit, time.Now()
	waiting := z.waiting
	z.waiting = nil
	if z.idle != nil {
		z.idle.Stop()
	}
	asked := z.asked || z.runner.ctx.Err() != nil
	z.mu.Unlock()
	for _, waiter := range waiting {
		waiter <- report{died: true}
	}
	close(z.gone)
	if !asked {
		z.runner.opts.Logger.Warn("zygote died", "exit", exit.Code, "actions", len(waiting), "stderr", z.lastWords())
	}
}

// lastWords is the end of what a zygote that has ended wrote to its standard error.
func (z *zygote) lastWords() string { return strings.TrimSpace(z.said.Text()) }

// died reports whether a zygote that takes nobody any more ended by itself, and
// how long it lived.
func (z *zygote) died() (died bool, lived time.Duration) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.asked {
		return false, 0
	}
	return true, z.ended.Sub(z.began)
}

// take takes a place, if the zygote is alive.
func (z *zygote) take() bool {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.closed {
		return false
	}
	z.users++
	if z.idle != nil {
		z.idle.Stop()
	}
	return true
}

// release gives a place back. A zygote that nobody uses ends after a while.
func (z *zygote) release() {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.users--; z.users == 0 && !z.closed {
		z.idle = time.AfterFunc(z.runner.opts.Idle, z.retire)
	}
}

// retire ends a zygote that still has nobody.
func (z *zygote) retire() {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.users == 0 && !z.closed {
		z.closed, z.asked = true, true
		_ = z.conn.CloseWrite()
	}
}

var errZygoteDied = errors.New("the Python process that was to run the action died before it began")

// spawn asks for a child with these files. The report of its end will come on the
// channel.
func (z *zygote) spawn(mark string, files ...*os.File) (<-chan report, error) {
	done := make(chan report, 1) // so that nobody waits for who has given up
	z.mu.Lock()
	if z.closed {
		z.mu.Unlock()
		return nil, z.deathError()
	}
	id := z.next
	z.next++
	z.waiting[id] = done
	z.mu.Unlock()
	fds := make([]int, len(files))
	for i, f := range files {
		fds[i] = int(f.Fd())
	}
	_, _, err := z.conn.WriteMsgUnix([]byte(strconv.Itoa(id)+" "+mark), syscall.UnixRights(fds...), nil)
	if err == nil {
		return done, nil
	}
	z.mu.Lock()
	delete(z.waiting, id)
	z.mu.Unlock()
	return nil, z.deathError()
}

// deathError says why a zygote died. It waits for a moment, so that there is
// something to say.
func (z *zygote) deathError() error {
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-z.gone:
		if words := z.lastWords(); words != "" {
			return fmt.Errorf("%w; its last words: %s", errZygoteDied, words)
		}
		return fmt.Errorf("%w: exit code %d", errZygoteDied, z.exit.Code)
	case <-timer.C:
		return errZygoteDied
	}
}

// socketPair returns two connected sockets: ours for the runtime's poller, theirs
// as Python wants it.
func socketPair(kind int) (ours, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, kind, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("make a socket for Python: %w", err)
	}
	return polled(fds[0]), os.NewFile(uintptr(fds[1]), "socket"), nil
}

// pipe returns our end and theirs of a pipe that is written to by Python.
func pipe() (ours, theirs *os.File, err error) {
	var fds [2]int
	syscall.ForkLock.RLock()
	err = syscall.Pipe(fds[:])
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("make a pipe for Python: %w", err)
	}
	return polled(fds[0]), os.NewFile(uintptr(fds[1]), "pipe"), nil
}

// polled returns a file that a goroutine can wait for without a thread.
func polled(fd int) *os.File {
	_ = syscall.SetNonblock(fd, true) // else it costs a thread, and works
	return os.NewFile(uintptr(fd), "python")
}
