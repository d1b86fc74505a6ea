package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// maxLine is how long a line of stdin may be. It is more than a language takes.
const maxLine = 8 << 20

// lines evaluates what stands on stdin, one expression a line. Empty lines are
// skipped. One that fails does not stop the others.
func (e *evaluation) lines(ctx context.Context) error {
	in := bufio.NewScanner(e.In)
	in.Buffer(nil, maxLine)
	all, failed := 0, 0
	for in.Scan() {
		line := strings.TrimSpace(in.Text())
		if line == "" {
			continue
		}
		all++
		if err := e.show(ctx, line); err != nil {
			if ctx.Err() != nil {
				return err
			}
			failed++
			report(e.Err, err)
		}
	}
	if err := in.Err(); err != nil {
		return fault.Newf(fault.Invalid, "read stdin: %v", err)
	}
	if failed > 0 {
		return fault.Newf(fault.Invalid, "%d of %d expressions failed", failed, all)
	}
	return nil
}

const conversationHelp = `An expression, or a text with {{ }} or <% %> in it, is evaluated.
  :yaql, :jinja, :guess   say which language expressions without delimiters are in
  :context                show the context
  :quit, or Ctrl-D        end`

// converse asks for expressions until there are no more.
func (e *evaluation) converse(ctx context.Context) error {
	h := openHistory(e.homePath("eval_history"))
	screen := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{e.In, e.Out}, "> ")
	screen.History = h
	e.note("Type an expression, or :help.")
	for {
		line, err := e.readLine(ctx, screen)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !errors.Is(err, term.ErrPasteIndicator):
			return err
		}
		if h.err != nil {
			e.note("The history is not kept: " + h.err.Error())
			h.err, h.path = nil, ""
		}
		switch line = strings.TrimSpace(line); line {
		case "":
		case ":q", ":quit", ":exit", "exit", "quit":
			return nil
		case ":h", ":help", "help", "?":
			e.note(conversationHelp)
		case ":yaql", ":jinja":
			e.language = line[1:]
		case ":guess":
			e.language = ""
		case ":context":
			shown, err := pretty(e.evaluator.data)
			if err == nil {
				err = e.print(clean(shown))
			}
			if err != nil {
				return err
			}
		default:
			if strings.HasPrefix(line, ":") {
				e.note("There is no command " + line + "; see :help.")
				continue
			}
			if err := e.show(ctx, line); err != nil {
				report(e.Err, err)
			}
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		screen.SetPrompt(map[string]string{expr.Yaql: "yaql> ", expr.Jinja: "jinja> ", "": "> "}[e.language])
	}
}

// readLine reads a line with the terminal in the mode in which keys come one by
// one. Between lines it is in its usual mode, so that Ctrl-C interrupts.
func (e *evaluation) readLine(ctx context.Context, screen *term.Terminal) (string, error) {
	restore, err := e.Raw()
	if err != nil {
		return "", fmt.Errorf("set up the terminal: %w", err)
	}
	if e.Width != nil {
		if w := e.Width(); w > 0 {
			_ = screen.SetSize(w, 24) // lines may wrap at the wrong place, no more
		}
	}
	type read struct {
		line string
		err  error
	}
	done := make(chan read, 1) // the reader may outlive us: the terminal can't be told to stop
	go func() {
		line, err := screen.ReadLine()
		done <- read{line, err}
	}()
	select {
	case r := <-done:
		if err := restore(); err != nil {
			return "", fmt.Errorf("restore the terminal: %w", err)
		}
		return r.line, r.err
	case <-ctx.Done():
		return "", errors.Join(context.Cause(ctx), restore())
	}
}

// keptLines is how many lines of history are kept.
const keptLines = 1000

// history is what was typed, in a file that only its owner may read: expressions
// may hold secrets.
type history struct {
	path  string // or ""
	lines []string
	err   error // of writing
}

// openHistory reads the history. What can't be read is no history.
func openHistory(path string) *history {
	h := &history{path: path}
	if path == "" {
		return h
	}
	b, err := os.ReadFile(path)
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			h.err = err
		}
		return h
	}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			h.lines = append(h.lines, line)
		}
	}
	if len(h.lines) > 2*keptLines {
		h.lines = h.lines[len(h.lines)-keptLines:]
		h.err = os.WriteFile(path, []byte(strings.Join(h.lines, "\n")+"\n"), 0o600)
	}
	return h
}

// Add implements [term.History]. A line that is typed again is kept once.
func (h *history) Add(line string) {
	line = strings.TrimSpace(line)
	if line == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return
	}
	h.lines = append(h.lines, line)
	if h.path == "" {
		return
	}
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		h.err = err
		return
	}
	f, err := os.OpenFile(h.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		h.err = err
		return
	}
	_, err = f.WriteString(line + "\n")
	h.err = errors.Join(err, f.Close())
}

// Len implements [term.History].
func (h *history) Len() int { return len(h.lines) }

// At implements [term.History]. The latest line is the first.
func (h *history) At(i int) string { return h.lines[len(h.lines)-1-i] }
