package python

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/nightshift-run/nightshift/internal/process"
)

// patience is how long a zygote may take to begin what must be ended again, and to
// tell the end of what was killed.
const patience = 5 * time.Second

// work is what a child is to do, and who deals with it.
type work struct {
	mark    string // names it and all that it starts
	request []byte // JSON
	// stdout and stderr take what it writes.
	stdout, stderr func(piece []byte)
	// talk reads and writes what follows the request on its stream, until that ends.
	talk func(stream *os.File)
}

// ending is how a child ended.
type ending struct {
	code  int
	cause error // why it was stopped; nil if it ended by itself
	died  bool  // its zygote died while it ran
}

// run has the zygote do some work. An error means that nothing of it has begun.
func (z *zygote) run(ctx context.Context, w *work) (ending, error) {
	child, err := z.open(w.mark)
	if err != nil {
		return ending{}, err
	}
	defer child.close()
	return child.finish(ctx, w)
}

// child is a process of a zygote.
type child struct {
	zygote         *zygote
	stdout, stderr *os.File
	stream         *os.File // for the request and the answer
	ended          <-chan report

	begun chan struct{} // closed when it has said its number
	pid   int           // read it after begun
}

// open asks the zygote for a child.
func (z *zygote) open(mark string) (c *child, err error) {
	c = &child{zygote: z, begun: make(chan struct{})}
	var theirs [3]*os.File
	defer func() {
		for _, f := range theirs {
			if f != nil {
				_ = f.Close()
			}
		}
		if err != nil {
			c.close()
		}
	}()
	if c.stdout, theirs[0], err = pipe(); err != nil {
		return nil, err
	}
	if c.stderr, theirs[1], err = pipe(); err != nil {
		return nil, err
	}
	if c.stream, theirs[2], err = socketPair(syscall.SOCK_STREAM); err != nil {
		return nil, err
	}
	c.ended, err = z.spawn(mark, theirs[:]...)
	return c, err
}

func (c *child) close() {
	for _, f := range []*os.File{c.stdout, c.stderr, c.stream} {
		if f != nil {
			_ = f.Close()
		}
	}
}

// finish goes with a child to its end, or brings that about.
func (c *child) finish(ctx context.Context, w *work) (ending, error) {
	var copying sync.WaitGroup
	copying.Go(func() { copyTo(c.stdout, w.stdout) })
	copying.Go(func() { copyTo(c.stderr, w.stderr) })
	copying.Go(func() { c.talk(w) })

	var end ending
	var said report
	select {
	case said = <-c.ended:
	case <-ctx.Done():
		end.cause = context.Cause(ctx)
		said = c.kill(w.mark)
	}
	// All that a child itself wrote is there to be read; others may hold its ends.
	late := time.Now().Add(c.zygote.runner.opts.WaitDelay)
	for _, f := range []*os.File{c.stdout, c.stderr, c.stream} {
		_ = f.SetReadDeadline(late) // fails only if it is closed
	}
	copying.Wait()
	end.code, end.died = said.code, said.died
	select {
	case <-c.begun:
		if said.died {
			// The kernel has ended the child; what the child had started is still there.
			process.End(c.pid, w.mark, c.zygote.runner.opts.Grace)
		}
		return end, nil
	default:
	}
	switch {
	case end.cause != nil:
		return end, nil //nolint:nilerr // why it was stopped is in its ending
	case said.refused != "":
		return end, fmt.Errorf("the Python process can't start an action: %s", said.refused)
	case said.died:
		return end, c.zygote.deathError()
	default:
		return end, fmt.Errorf("the process of the action ended before it began: exit code %d", said.code)
	}
}

// kill ends a child with all that it has started.
func (c *child) kill(mark string) report {
	// Before it has said its number it may not yet have left the zygote's session,
	// with which it would be taken for one.
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-c.begun:
	case said := <-c.ended:
		return said
	case <-timer.C:
		c.zygote.abandon()
		return <-c.ended
	}
	process.End(c.pid, mark, c.zygote.runner.opts.Grace)
	timer.Reset(patience)
	select {
	case said := <-c.ended:
		return said
	case <-timer.C: // it hangs in the kernel, or its zygote does
		return report{code: -int(syscall.SIGKILL)}
	}
}

// talk hears that the child has begun, sends the request and lets them talk.
func (c *child) talk(w *work) {
	var pid [4]byte
	if _, err := io.ReadFull(c.stream, pid[:]); err != nil {
		return
	}
	c.pid = int(binary.BigEndian.Uint32(pid[:]))
	close(c.begun)
	if write(c.stream, w.request) == nil { // else it has ended, and its end says more
		w.talk(c.stream)
	}
}

// write writes a text behind its length.
func write(w io.Writer, text []byte) error {
	if _, err := w.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text)))); err != nil {
		return err
	}
	_, err := w.Write(text)
	return err
}

// tooLarge is a text that is longer than allowed, by its length.
type tooLarge uint64

func (n tooLarge) Error() string { return fmt.Sprintf("%d bytes are more than allowed", uint64(n)) }

// read reads a text behind its length.
func read(r io.Reader, most int64) ([]byte, error) {
	var size [8]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint64(size[:])
	if n > uint64(most) {
		return nil, tooLarge(n)
	}
	text := make([]byte, n)
	_, err := io.ReadFull(r, text)
	return text, err
}

// copyTo hands over what a child writes.
func copyTo(f *os.File, to func([]byte)) {
	piece := make([]byte, 32<<10)
	for {
		n, err := f.Read(piece)
		if n > 0 {
			to(piece[:n])
		}
		if err != nil {
			return
		}
	}
}

// abandon ends a zygote that does not answer, with all its children.
func (z *zygote) abandon() {
	z.mu.Lock()
	z.closed = true
	z.mu.Unlock()
	z.kill()
}
