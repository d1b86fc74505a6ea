package api

import (
	"bufio"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// pace is how long a client may take to send or to accept n bytes: slow lines are served, but
// not those that trickle to hold a connection, and what is in memory for it.
func pace(n int64) time.Duration {
	const slowest = 16 << 10 // bytes a second
	return 20*time.Second + time.Duration(n)*time.Second/slowest
}

// pieceBytes is how much of an answer is written at a time.
const pieceBytes = 64 << 10

// recorder remembers what was answered, and cuts off clients that do not take it.
type recorder struct {
	http.ResponseWriter
	status int
	id     string // of the request

	patience time.Duration // how long each piece may take; 0: the whole answer has its [pace]
	written  int64
	waited   time.Duration // for the client to take what is written
}

// WriteHeader implements [http.ResponseWriter].
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	for n := 0; ; {
		piece := b[n:min(len(b), n+pieceBytes)]
		begun, left := time.Now(), w.patience
		if left == 0 {
			left = pace(w.written+int64(len(piece))) - w.waited
		}
		// Not every connection has deadlines; then the server's own must do.
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(begun.Add(left))
		m, err := w.ResponseWriter.Write(piece)
		w.waited += time.Since(begun)
		w.written += int64(m)
		if n += m; err != nil || n == len(b) {
			return n, err
		}
	}
}

// Unwrap lets an [http.ResponseController] reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack is not for handlers: they would leave requests without an answer.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.New("connections cannot be taken over")
}

// What is larger than this is counted while it is in memory for a client.
const largeAnswer = 1 << 20

// hold counts n bytes that are in memory until the call is over. Clients that do not take large
// answers could fill the memory otherwise: when there are too many of these, the call is refused.
func (c *call) hold(n int) error {
	more := int64(n) - c.held
	if n < largeAnswer || more <= 0 {
		return nil
	}
	if sum := c.API.held.Add(more); sum > c.opts.MaxHeld && sum > int64(n) { // what is alone may be larger
		c.API.held.Add(-more)
		return fault.Newf(fault.Busy, "Too many large answers are on their way. Try again in a moment.")
	}
	c.held += more
	return nil
}

// letGo ends what [call.hold] began.
func (c *call) letGo() { c.API.held.Add(-c.held) }

// result returns the result of an execution.
func (c *call) result(e *execution.Execution) (json.RawMessage, error) {
	if err := c.hold(e.ResultSize); err != nil {
		return nil, err
	}
	return c.Store.Reader().Result(c.ctx(), e.ID)
}
