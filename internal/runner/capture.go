package runner

import (
	"fmt"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// MaxKept is how many bytes of each stream a result keeps by default.
const MaxKept = 8 << 20

// Capture keeps one stream of an action for its result and hands it over to an
// [Output] while it comes. Of a stream that is longer than its limit the
// beginning and the end are kept: the one has the reason, the other the
// error. It is for one goroutine at a time.
type Capture struct {
	out     Output
	stream  Stream
	limit   int
	head    []byte // the first half of limit
	tail    []byte // the last half of limit, as a ring once it is full
	at      int    // where the oldest byte of a full tail is
	total   int64
	decoder decoder
}

// NewCapture returns a capture that keeps limit bytes; 0 is [MaxKept].
func NewCapture(out Output, stream Stream, limit int) *Capture {
	if limit <= 0 {
		limit = MaxKept
	}
	return &Capture{out: out, stream: stream, limit: limit}
}

// Add takes a piece. It does not keep the slice.
func (c *Capture) Add(piece []byte) {
	if text := c.decoder.next(piece); text != "" {
		c.out.Print(c.stream, text)
	}
	c.total += int64(len(piece))
	if room := c.limit - c.limit/2 - len(c.head); room > 0 {
		n := min(room, len(piece))
		c.head = append(c.head, piece[:n]...)
		piece = piece[n:]
	}
	half := c.limit / 2
	if room := half - len(c.tail); room > 0 {
		n := min(room, len(piece))
		c.tail = append(c.tail, piece[:n]...)
		piece = piece[n:]
	}
	if len(piece) > half {
		piece = piece[len(piece)-half:]
	}
	for len(piece) > 0 {
		n := copy(c.tail[c.at:], piece)
		c.at = (c.at + n) % half
		piece = piece[n:]
	}
}

// End hands over what is left of a character that was never completed. It is
// to be called when the stream has ended.
func (c *Capture) End() {
	if text := c.decoder.rest(); text != "" {
		c.out.Print(c.stream, text)
	}
}

// Dropped returns how many bytes were not kept.
func (c *Capture) Dropped() int64 { return c.total - int64(len(c.head)+len(c.tail)) }

// Text returns what was kept. Where something is missing it says so.
func (c *Capture) Text() string {
	dropped := c.Dropped()
	if dropped == 0 {
		return Text(append(c.head, c.tail...)) // at is 0: nothing was overwritten
	}
	var b strings.Builder
	b.WriteString(Text(c.head))
	fmt.Fprintf(&b, "\n[... %d bytes are left out here ...]\n", dropped)
	b.WriteString(Text(append(c.tail[c.at:len(c.tail):len(c.tail)], c.tail[:c.at]...)))
	return b.String()
}

// Printed returns what was kept, less the newline at its end.
func (c *Capture) Printed() string {
	return strings.TrimSuffix(strings.TrimSuffix(c.Text(), "\n"), "\r")
}

// SetStreams writes into the result of a shell what it printed: stdout and
// stderr, each what it says where it is JSON, and truncated, which says of each
// how many bytes are missing, if any are.
func SetStreams(result *value.Dict, stdout, stderr *Capture) {
	truncated := value.NewDict()
	for _, c := range []*Capture{stdout, stderr} {
		name := string(c.stream)
		if dropped := c.Dropped(); dropped > 0 {
			truncated.Set(name, dropped)
			result.Set(name, c.Printed())
			continue
		}
		result.Set(name, Decoded(c.Printed()))
	}
	if truncated.Len() > 0 {
		result.Set("truncated", truncated)
	}
}
