package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/api/client"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/native"
)

// chatFunctions are the native actions of the pack chatops.
func (a *App) chatFunctions() map[string]native.Func {
	return map[string]native.Func{
		"chatops_format_execution_result": func(ctx context.Context, c native.Call, _ runner.Output) (value.Value, error) {
			return a.ending(ctx, c, text(c, "execution_id"))
		},
		"chatops_post_result": func(ctx context.Context, c native.Call, _ runner.Output) (value.Value, error) {
			return a.postResult(ctx, c, text(c, "execution_id"))
		},
		"chatops_match": func(ctx context.Context, c native.Call, _ runner.Output) (value.Value, error) {
			m, err := a.match(ctx, c)
			if err != nil {
				return nil, err
			}
			return jsonValue(map[string]any{
				"alias":          map[string]string{"name": m.ActionAlias.Name, "pack": m.ActionAlias.Pack, "action_ref": m.ActionAlias.ActionRef},
				"representation": m.Representation,
			})
		},
		"chatops_match_and_execute": func(ctx context.Context, c native.Call, _ runner.Output) (value.Value, error) {
			return a.matchAndExecute(ctx, c, text(c, "source_channel"))
		},
		"chatops_run": func(ctx context.Context, c native.Call, _ runner.Output) (value.Value, error) {
			id, err := a.matchAndExecute(ctx, c, text(c, "channel"))
			if err != nil {
				return nil, err
			}
			return a.postResult(ctx, c, id)
		},
	}
}

// ending returns what a chat is told of the end of an execution.
func (a *App) ending(ctx context.Context, c native.Call, id string) (*value.Dict, error) {
	said := value.NewDict()
	return said, a.inside(c).Get(ctx, "/api/ns/v1/executions/"+url.PathEscape(id)+"/message", nil, said)
}

// postResult tells a chat of the end of an execution. It starts the announcement itself:
// as the task of a workflow, what a program has printed or somebody has written in the
// chat would be taken for a template.
func (a *App) postResult(ctx context.Context, c native.Call, id string) (value.Value, error) {
	said, err := a.ending(ctx, c, id)
	if err != nil {
		return nil, err
	}
	note := func(text string) (value.Value, error) {
		v, err := jsonValue(map[string]string{"note": text})
		return native.WorkflowResult{Value: v}, err
	}
	if enabled, _ := said.Get("enabled"); enabled != true {
		return note("Execution result is disabled.")
	}
	own, err := a.Store.Reader().Execution(ctx, c.ExecutionID)
	if err != nil {
		return nil, err
	}
	r := execution.Request{
		Action: "chatops.post_message", Parameters: value.NewDict(),
		Context: execution.Context{User: c.User, TraceContext: own.Context.TraceContext},
	}
	give := func(from *value.Dict, names ...string) {
		for _, name := range names {
			if v, _ := from.Get(name); v != nil {
				r.Parameters.Set(name, action.Literal(v))
			}
		}
	}
	give(said, "message", "extra")
	give(c.Parameters, "channel", "route", "user", "whisper", "context")
	e, err := a.Launcher.Launch(ctx, r)
	if err != nil {
		return nil, err
	}
	if e, err = a.awaitEnd(ctx, e.ID); err != nil {
		return nil, err
	}
	if e.Status != execution.Succeeded {
		return nil, fmt.Errorf("the announcement %s has ended: %s", e.ID, e.Status)
	}
	return note("Execution result has been posted.")
}

func (a *App) match(ctx context.Context, c native.Call) (m wire.AliasMatch, err error) {
	return m, a.inside(c).Post(ctx, "actionalias/match", map[string]string{"command": text(c, "text")}, &m)
}

// matchAndExecute runs what a command is for, and returns the id of the execution when
// that has ended.
func (a *App) matchAndExecute(ctx context.Context, c native.Call, channel string) (string, error) {
	m, err := a.match(ctx, c)
	if err != nil {
		return "", err
	}
	var started struct {
		Execution struct {
			ID string `json:"id"`
		} `json:"execution"`
	}
	err = a.inside(c).Post(ctx, "aliasexecution", wire.AliasRequest{
		Name: m.ActionAlias.Ref, Format: m.Representation, Command: text(c, "text"), SourceChannel: channel, User: text(c, "user"),
	}, &started)
	if err != nil {
		return "", err
	}
	e, err := a.awaitEnd(ctx, started.Execution.ID)
	if err != nil {
		return "", err
	}
	return e.ID, nil
}

// awaitEnd waits until an execution has ended, and returns it.
func (a *App) awaitEnd(ctx context.Context, id string) (*execution.Execution, error) {
	changed := make(chan struct{}, 1) // one token says that it may have ended
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	err := a.Bus.Subscribe(ctx, bus.ExecutionChanged+id, func(bus.Message) {
		select {
		case changed <- struct{}{}:
		default: // a token is there already
		}
	})
	if err != nil {
		return nil, fmt.Errorf("wait for the execution %s: %w", id, err)
	}
	look := time.NewTicker(time.Second) // in case a bell was lost
	defer look.Stop()
	for {
		e, err := a.Store.Reader().Execution(ctx, id)
		if err != nil || e.Status.Final() {
			return e, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-changed:
		case <-look.C:
		}
	}
}

// inside returns a client of this server's API, on behalf of whoever runs an action: it
// shows and starts what that user may see and start.
// Nothing goes over the network: neither proxies nor certificates can be in the way.
func (a *App) inside(c native.Call) *client.Client {
	return &client.Client{
		BaseURL: "http://" + a.listener.Addr().String(), HTTP: &http.Client{Transport: handed{a.Handler}},
		Token: a.signer.Sign(access.Grant{User: c.User, Execution: c.ExecutionID, Pack: "chatops", Expires: time.Now().Add(time.Minute).Unix()}),
	}
}

// handed hands requests to a handler.
type handed struct{ to http.Handler }

// RoundTrip implements [http.RoundTripper].
func (h handed) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), r.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer in.Body.Close() //nolint:errcheck // it is in memory
	w := answer{header: http.Header{}, status: http.StatusOK}
	h.to.ServeHTTP(&w, in)
	return &http.Response{
		Status: fmt.Sprint(w.status, " ", http.StatusText(w.status)), StatusCode: w.status, Header: w.header,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// answer keeps what a handler answers.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *answer) Header() http.Header         { return w.header }
func (w *answer) WriteHeader(status int)      { w.status = status }
func (w *answer) Write(b []byte) (int, error) { return w.body.Write(b) }
