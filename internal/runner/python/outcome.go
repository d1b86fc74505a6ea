package python

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// invalidStatus is the exit code of an action that returned a status which is
// neither True nor False.
const invalidStatus = 220

// noResult stands for the result of an action that returned none. It is a text, as
// in StackStorm.
const noResult = "None"

// capture keeps what one action prints and returns.
type capture struct {
	stdout, stderr *runner.Capture
	most           int64    // bytes of an answer
	answer         []byte   // what it said of its result; nil if nothing
	large          tooLarge // the size of an answer that was too large to be read
}

func newCapture(out runner.Output, opts Options) *capture {
	return &capture{
		stdout: runner.NewCapture(out, runner.Stdout, opts.MaxOutput),
		stderr: runner.NewCapture(out, runner.Stderr, opts.MaxOutput),
		most:   opts.MaxResult,
	}
}

// listen reads the answer of the action.
func (c *capture) listen(stream *os.File) {
	text, err := read(stream, c.most)
	if large, ok := errors.AsType[tooLarge](err); ok {
		c.large = large
		_, _ = io.Copy(io.Discard, stream) // so that the action can go on
	} else if err == nil {
		c.answer = text
	}
}

// outcome makes the result of an action of how it ended.
func (c *capture) outcome(end ending, limit value.Value) runner.Outcome {
	c.stdout.End()
	c.stderr.End()
	stderr := c.stderr.Text()
	if end.cause == nil && !end.died && end.code == invalidStatus {
		return runner.Failed(errors.New(strings.TrimSpace(stderr)))
	}
	returned, succeeded, problem := answer(c.answer)
	result := value.NewDictCap(6)
	result.Set("stdout", c.stdout.Text())
	result.Set("stderr", stderr)
	result.Set("exit_code", int64(end.code))
	result.Set("result", returned)
	status := execution.Failed
	switch {
	case end.cause != nil:
		status = runner.Status(end.cause)
		result.Set("result", noResult)
		runner.Stopped(result, end.cause, limit)
	case end.died:
		result.Set("exit_code", -int64(syscall.SIGKILL))
		result.Set("error", "The Python process that runs the actions of this environment died while the action ran.")
	case c.large > 0:
		result.Set("error", fmt.Sprintf("The action's result has %d bytes, which is more than a result may have.", uint64(c.large)))
	case problem != nil:
		result.Set("error", fmt.Sprintf("The action's result can't be read: %v", problem))
	case end.code < 0:
		result.Set("error", fmt.Sprintf("The action was ended by signal %d (%s), which did not come from the server.",
			-end.code, syscall.Signal(-end.code)))
	case end.code == 0 && succeeded:
		status = execution.Succeeded
	}
	truncated := value.NewDict()
	if n := c.stdout.Dropped(); n > 0 {
		truncated.Set("stdout", n)
	}
	if n := c.stderr.Dropped(); n > 0 {
		truncated.Set("stderr", n)
	}
	if truncated.Len() > 0 {
		result.Set("truncated", truncated)
	}
	return runner.Outcome{Status: status, Result: result}
}

// answer reads what an action said: what it returned, and whether it succeeded as
// far as it knows.
func answer(text []byte) (returned value.Value, succeeded bool, err error) {
	if text == nil {
		return noResult, true, nil
	}
	v, err := value.FromJSON(text)
	if err != nil {
		return noResult, false, err
	}
	d, ok := v.(*value.Dict)
	if !ok {
		return noResult, false, errors.New("it is no object")
	}
	returned, _ = d.Get("result")
	status, _ := d.Get("status")
	return returned, status != false, nil
}
