package prober

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/probe"
	"github.com/nightshift-run/nightshift/internal/prober/tail"
)

// look is how often a file is looked at. That costs one call of the system.
const look = 250 * time.Millisecond

// fileState is what a file's probe must remember.
type fileState struct {
	Begun  int64        `json:"begun"` // when the probe did, in microseconds: tells its lines from those of an earlier probe of the file
	Cursor *tail.Cursor `json:"cursor"`
}

// follow takes the lines of a file in until ctx is done. A line is named by its place, so that one
// that was taken in, but not yet recorded as read, is the same event again.
func (u *unit) follow(ctx context.Context, spec *probe.File, saved json.RawMessage) error {
	s := fileState{Begun: time.Now().UnixMicro()}
	u.recall(ctx, saved, &s)
	f := tail.Open(spec.Path, s.Cursor)
	defer f.Close()
	for {
		lines, cursor, err := f.Next(batch)
		if err != nil {
			u.note(unknown, 0, err.Error())
		} else {
			u.note(following, 0, "")
		}
		if len(lines) > 0 {
			if err := u.takeLines(ctx, spec, s.Begun, cursor.Generation, lines); err != nil {
				return err
			}
		}
		moved := s.Cursor == nil || *s.Cursor != cursor
		if moved {
			s.Cursor = &cursor
			if err := u.save(ctx, s); err != nil {
				return err
			}
		}
		if err == nil && moved {
			continue // there may be more
		}
		if err := wait(ctx, look); err != nil {
			return err
		}
	}
}

func (u *unit) takeLines(ctx context.Context, spec *probe.File, begun int64, generation int, lines []tail.Line) error {
	name := strconv.FormatInt(begun, 10) + ":" + strconv.Itoa(generation) + ":"
	events := make([]intake.Event, len(lines))
	for i, line := range lines {
		events[i] = u.event(name+strconv.FormatInt(line.Offset, 10), spec.Payload(line.Text))
	}
	return u.take(ctx, events)
}
