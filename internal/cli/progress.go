package cli

import (
	"fmt"
	"time"
)

// progress shows on a terminal that something is waited for. Elsewhere it shows
// nothing.
type progress struct {
	s     *session
	began time.Time
	turn  int
	shown bool
}

func (s *session) newProgress() *progress { return &progress{s: s, began: time.Now()} }

func (p *progress) show(id, status string) {
	if !p.s.ErrTerminal || p.s.machine() {
		return
	}
	// What ends at once needs no sign of life.
	waited := time.Since(p.began)
	if waited < 300*time.Millisecond {
		return
	}
	const wheel = `|/-\`
	p.write(fmt.Sprintf("\r\x1b[K%c %s is %s (%s)", wheel[p.turn%len(wheel)], id, status, waited.Round(time.Second)))
	p.turn++
	p.shown = true
}

// clear takes the line away.
func (p *progress) clear() {
	if p.shown {
		p.write("\r\x1b[K")
	}
}

func (p *progress) write(s string) {
	_, _ = p.s.Err.Write([]byte(s)) // a courtesy
}
