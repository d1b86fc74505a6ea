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

// ending is how a child ended.
type ending struct {
	code   int
	answer []byte // what it said of its result; nil if nothing
	large  int64  // the size of an answer that was too large to be read
	cause  error  // why it was stopped; nil if it ended by itself
	died   bool   // its zygote died while it ran
}

// run has the zygote run a request. An error means that nothing of it has begun.
func (z *zygote) run(ctx context.Context, mark string, request []byte, c *capture) (ending, error) {
	child, err := z.open(mark)
	if err != nil {
		return ending{}, err
	}
	defer child.close()
	return child.finish(ctx, mark, request, c)
}

// child is a process of a zygote.
type child struct {
	zygote         *zygote
	stdout, stderr *os.File
	stream         *os.File // for the request and the answer
	ended          <-chan report

	begun  chan struct{} // closed when it has said its number
	pid    int           // read it after begun
	answer []byte        // read it after the end of talk
	large  int64         // as answer
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
func (c *child) finish(ctx context.Context, mark string, request []byte, out *capture) (ending, error) {
	var copying sync.WaitGroup
	copying.Go(func() { copyTo(c.stdout, out.stdout.Add) })
	copying.Go(func() { copyTo(c.stderr, out.stderr.Add) })
	copying.Go(func() { c.talk(request, c.zygote.runner.opts.MaxResult) })

	var end ending
	var said report
	select {
	case said = <-c.ended:
	case <-ctx.Done():
		end.cause = context.Cause(ctx)
		said = c.kill(mark)
	}
	// All that a child itself wrote is there to be read; others may hold its ends.
	late := time.Now().Add(c.zygote.runner.opts.WaitDelay)
	for _, f := range []*os.File{c.stdout, c.stderr, c.stream} {
		_ = f.SetReadDeadline(late) // fails only if it is closed
	}
	copying.Wait()
	end.code, end.died, end.answer, end.large = said.code, said.died, c.answer, c.large
	select {
	case <-c.begun:
		if said.died {
			// The kernel has ended the child; what the child had started is still there.
			process.End(c.pid, mark, c.zygote.runner.opts.Grace)
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

// talk hears that the child has begun, sends the request and reads the answer.
func (c *child) talk(request []byte, most int64) {
	var pid [4]byte
	if _, err := io.ReadFull(c.stream, pid[:]); err != nil {
		return
	}
	c.pid = int(binary.BigEndian.Uint32(pid[:]))
	close(c.begun)
	if err := write(c.stream, request); err != nil {
		return // it has ended, and its end says more
	}
	c.answer, c.large = read(c.stream, most)
}

// write writes a text behind its length.
func write(w io.Writer, text []byte) error {
	if _, err := w.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text)))); err != nil {
		return err
	}
	_, err := w.Write(text)
	return err
}

// read reads a text behind its length, or returns how long one is that is too long.
func read(r io.Reader, most int64) (text []byte, large int64) {
	var size [8]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, 0
	}
	n := int64(binary.BigEndian.Uint64(size[:]))
	if n < 0 || n > most {
		_, _ = io.Copy(io.Discard, r) // so that its sender can go on
		return nil, n
	}
	text = make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, 0
	}
	return text, 0
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
