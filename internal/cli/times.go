package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// moment shows a time of the API as people write it.
func moment(s *session, _ *value.Dict, v value.Value) value.Value {
	written, ok := v.(string)
	if !ok {
		return v
	}
	t, err := wire.ParseTime(written)
	if err != nil {
		return v
	}
	return t.In(s.zone).Format("Mon, 02 Jan 2006 15:04:05 MST")
}

// status shows a status with its colour and how long it took.
func status(s *session, d *value.Dict, v value.Value) value.Value {
	written, ok := v.(string)
	if !ok {
		return v
	}
	return painted(s.paint(statusColor(written), clean(written)) + elapsed(d, written))
}

func statusColor(name string) string {
	st := execution.Status(name)
	switch {
	case st == execution.Succeeded:
		return green
	case st.Failure():
		return red
	case st == execution.Canceled:
		return faint
	}
	return yellow
}

// elapsed says how long an execution took, or takes so far.
func elapsed(d *value.Dict, name string) string {
	start, err := wire.ParseTime(textOf(d, "start_timestamp"))
	if err != nil {
		return ""
	}
	end, err := wire.ParseTime(textOf(d, "end_timestamp"))
	if err != nil {
		if execution.Status(name).Final() {
			return ""
		}
		end = time.Now()
	}
	return " (" + span(end.Sub(start)) + " elapsed)"
}

// span shows how long something took, with as many digits as mean anything.
func span(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 10*time.Second:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + "s"
	}
	return d.Round(time.Second).String()
}
