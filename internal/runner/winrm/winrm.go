// Package winrm runs commands and scripts on Windows machines over WinRM, which is
// WS-Management over HTTP: the runner types winrm-cmd, winrm-ps-cmd and
// winrm-ps-script.
//
// Results are those of StackStorm: return_code, and stdout and stderr decoded where
// they are JSON. Parameters of scripts become literals of PowerShell. What is longer
// than a command line may be is put into a file first. Who stops an action ends what
// it runs, by a signal of the protocol.
//
// One logs in with NTLM, with a password as such, or with a certificate. Over plain HTTP NTLM is not
// encrypted here, and Windows refuses that unless it is told otherwise.
package winrm

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/nightshift-run/nightshift/internal/cmdline"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// portHTTP is the port on which WinRM speaks plain HTTP, whatever an action says.
const portHTTP = 5985

// Options are the settings of a [Windows].
type Options struct {
	// ConnectTimeout is how long a machine may take to answer at all. Default: 30 seconds.
	ConnectTimeout time.Duration
	// MaxOutput is how many bytes of each of stdout and stderr a result keeps.
	// Default: [runner.MaxKept].
	MaxOutput int
	// Logger hears of what goes wrong aside. Default: nobody does.
	Logger *slog.Logger
}

// Windows runs commands and scripts on Windows machines.
type Windows struct{ opts Options }

// New returns a Windows.
func New(opts Options) *Windows {
	if opts.ConnectTimeout == 0 {
		opts.ConnectTimeout = 30 * time.Second
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Windows{opts: opts}
}

// Commands returns the runner of winrm-cmd.
func (w *Windows) Commands() runner.Runner { return commands{w} }

// PowerShell returns the runner of winrm-ps-cmd.
func (w *Windows) PowerShell() runner.Runner { return powershell{w} }

// Scripts returns the runner of winrm-ps-script.
func (w *Windows) Scripts() runner.Runner { return scripts{w} }

type commands struct{ *Windows }

// Run implements [runner.Runner].
func (c commands) Run(ctx context.Context, t runner.Task, out runner.Output) runner.Outcome {
	cmd := t.Parameter("cmd", nil)
	if cmd == nil {
		return runner.Failed(errors.New("there is nothing to run: the parameter cmd is not given"))
	}
	return c.run(ctx, &t, out, func(ctx context.Context, s *shell, out, errs *runner.Capture) (int, error) {
		return s.run(ctx, value.Str(cmd), out.Add, errs.Add)
	})
}

type powershell struct{ *Windows }

// Run implements [runner.Runner].
func (p powershell) Run(ctx context.Context, t runner.Task, out runner.Output) runner.Outcome {
	cmd := t.Parameter("cmd", nil)
	if cmd == nil {
		return runner.Failed(errors.New("there is nothing to run: the parameter cmd is not given"))
	}
	return p.script(ctx, &t, out, value.Str(cmd), "")
}

type scripts struct{ *Windows }

// Run implements [runner.Runner].
func (s scripts) Run(ctx context.Context, t runner.Task, out runner.Output) runner.Outcome {
	if t.EntryPoint == "" {
		return runner.Failed(errors.New("the action names no script: its entry_point is empty; winrm-ps-cmd needs none"))
	}
	text, err := os.ReadFile(t.EntryPoint)
	if err != nil {
		return runner.Failed(fmt.Errorf("read the script: %w", err))
	}
	positional, named, err := cmdline.Arguments(t.ActionParameters, t.Schema, value.Str(t.Parameter("kwarg_op", "-")))
	if err != nil {
		return runner.Failed(err)
	}
	return s.script(ctx, &t, out, runner.Text(text), arguments(positional, named))
}

// script runs a text of PowerShell with arguments.
func (w *Windows) script(ctx context.Context, t *runner.Task, out runner.Output, text, args string) runner.Outcome {
	return w.run(ctx, t, out, func(ctx context.Context, s *shell, out, errs *runner.Capture) (int, error) {
		e := &errorText{to: errs.Add}
		defer e.end()
		return s.powershell(ctx, text, args, out.Add, e.add)
	})
}

// run opens a shell on the machine of a task, does something in it and makes the
// outcome of that.
func (w *Windows) run(ctx context.Context, t *runner.Task, out runner.Output,
	do func(ctx context.Context, s *shell, out, errs *runner.Capture) (int, error),
) runner.Outcome {
	limit := t.Parameter("timeout", int64(60))
	ctx, cancel, err := runner.WithTimeout(ctx, limit)
	if err != nil {
		return runner.Failed(err)
	}
	defer cancel()
	to, err := endpointOf(t)
	if err != nil {
		return runner.Failed(err)
	}
	env, err := t.Environment()
	if err != nil {
		return runner.Failed(err)
	}
	dir := ""
	if v := t.Parameter("cwd", nil); value.Truth(v) {
		dir = value.Str(v)
	}
	stdout := runner.NewCapture(out, runner.Stdout, w.opts.MaxOutput)
	stderr := runner.NewCapture(out, runner.Stderr, w.opts.MaxOutput)
	c := newClient(to, w.opts.ConnectTimeout)
	defer c.close()

	code := 0
	s, err := c.open(ctx, env, dir)
	if err == nil {
		code, err = do(ctx, s, stdout, stderr)
		if e := s.close(ctx); e != nil {
			w.opts.Logger.WarnContext(ctx, "a shell was not closed", "host", to.host, "execution", t.ExecutionID, "err", e)
		}
	}
	stdout.End()
	stderr.End()

	notes := value.NewDict()
	status := execution.Succeeded
	switch {
	case err != nil && ctx.Err() != nil:
		cause := context.Cause(ctx)
		status, code = runner.Status(cause), -int(syscall.SIGTERM)
		if status == execution.Timeout {
			code = -1 // as in StackStorm
		}
		runner.Stopped(notes, cause, limit)
	case err != nil && s == nil:
		return runner.Failed(fmt.Errorf("open a shell on %s: %w", to.host, err))
	case err != nil:
		status, code = execution.Failed, -1
		notes.Set("error", fmt.Sprintf("Run the command on %s: %v", to.host, err))
	case code != 0:
		status = execution.Failed
	}
	result := value.NewDictCap(7)
	result.Set("failed", code != 0)
	result.Set("succeeded", code == 0)
	result.Set("return_code", int64(code))
	runner.SetStreams(result, stdout, stderr)
	result.Update(notes)
	return runner.Outcome{Status: status, Result: result}
}

// endpoint is a machine, and how to log in to it.
type endpoint struct {
	host               string
	url                string
	username, password string
	ntlm               bool             // else the password is sent as such
	certificate        *tls.Certificate // what one logs in with instead; nil: nothing
	verify             bool             // the certificate of the machine must be good
}

func endpointOf(t *runner.Task) (endpoint, error) {
	text := func(name, def string) string {
		if v := t.Parameter(name, nil); value.Truth(v) {
			return value.Str(v)
		}
		return def
	}
	e := endpoint{
		host: text("host", ""), username: text("username", ""), password: text("password", ""),
		verify: value.Truth(t.Parameter("verify_ssl_cert", true)),
	}
	if e.host == "" {
		return e, errors.New("the parameter host is not given")
	}
	port, ok := t.Parameter("port", int64(5986)).(int64)
	if !ok || port < 1 || port > 65535 {
		return e, fmt.Errorf("%s is no port", value.Repr(t.Parameter("port", nil)))
	}
	scheme := text("scheme", "https")
	if port == portHTTP {
		scheme = "http"
	}
	if scheme != "http" && scheme != "https" {
		return e, fmt.Errorf("the scheme %q is neither http nor https", scheme)
	}
	switch transport := text("transport", "ntlm"); transport {
	case "ntlm":
		e.ntlm = true
	case "basic", "plaintext", "ssl":
	case "certificate":
		if scheme != "https" {
			return e, errors.New("the transport certificate needs the scheme https")
		}
		c, err := certificateOf(text("cert_pem", ""), text("cert_key_pem", ""))
		if err != nil {
			return e, err
		}
		e.certificate = &c
	default:
		return e, fmt.Errorf("the transport %q is not part of this build; there are ntlm, basic, plaintext, ssl and certificate", transport)
	}
	if e.certificate == nil && (e.username == "" || e.password == "") {
		return e, errors.New("the parameters username and password are not both given")
	}
	e.url = scheme + "://" + net.JoinHostPort(e.host, strconv.FormatInt(port, 10)) + "/wsman"
	return e, nil
}

// certificateOf reads a certificate and its key, each a text or the path of a file.
func certificateOf(cert, key string) (tls.Certificate, error) {
	var texts [2][]byte
	for i, given := range []string{cert, key} {
		name := [...]string{"cert_pem", "cert_key_pem"}[i]
		switch {
		case given == "":
			return tls.Certificate{}, fmt.Errorf("the parameter %s is not given", name)
		case strings.HasPrefix(strings.TrimSpace(given), "-----BEGIN "):
			texts[i] = []byte(given)
		default:
			text, err := os.ReadFile(given) //nolint:gosec // an operator or an action's author named it
			if err != nil {
				return tls.Certificate{}, fmt.Errorf("%s: %w", name, err)
			}
			texts[i] = text
		}
	}
	c, err := tls.X509KeyPair(texts[0], texts[1])
	if err != nil {
		return c, fmt.Errorf("read the certificate to log in with: %w", err)
	}
	return c, nil
}
