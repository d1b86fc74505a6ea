package app_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/api/client"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/app/apptest"
	"github.com/nightshift-run/nightshift/internal/execution"
)

// chatty is a server with commands for a chat.
func chatty(t *testing.T) *apptest.Server {
	return apptest.Start(t, map[string]map[string]string{"talk": {
		"pack.yaml": manifest("talk"),
		"actions/say.yaml": `{name: say, runner_type: local-shell-cmd, enabled: true,
			parameters: {word: {type: string, required: true}, cmd: {immutable: true, default: "printf '\\173\\173 st2kv.system.word }} %s\n' '{{ word }}'"}}}`,
		"aliases/say.yaml": `{name: say, action_ref: talk.say, formats: ["say {{word}}"],
			result: {format: "{{ alias.name }}: {{ execution.result.stdout }}", extra: {color: "{{ execution.status }}"}}}`,
		"aliases/hush.yaml":  `{name: hush, action_ref: talk.say, formats: ["hush {{word}}"], result: {enabled: false}}`,
		"aliases/plain.yaml": `{name: plain, action_ref: talk.say, formats: ["plain {{word}}"]}`,
	}})
}

// heard collects what a chat is told by the route, until ctx is done. It returns when
// the stream is open.
func heard(ctx context.Context, t *testing.T, s *apptest.Server, route string) <-chan string {
	said, open, ended := make(chan string, 10), make(chan struct{}), make(chan struct{}) // more than any test has said
	listener := &client.Client{BaseURL: s.URL(), Token: s.Token}
	go func() {
		defer close(ended)
		_ = listener.Stream(ctx, "/stream/v1/stream", map[string][]string{"events": {"st2.announcement__" + route}}, func(e client.Event) error {
			var a struct{ Payload json.RawMessage }
			if strings.HasPrefix(e.Name, "st2.announcement__") && json.Unmarshal(e.Data, &a) == nil {
				said <- string(a.Payload)
			}
			return nil
		}, client.WhenOpen(func() { close(open) }))
	}()
	t.Cleanup(func() { <-ended })
	select {
	case <-open:
	case <-ended:
		t.Fatal("there is no stream")
	}
	return said
}

func next(t *testing.T, said <-chan string) string {
	t.Helper()
	select {
	case text := <-said:
		return text
	case <-time.After(30 * time.Second):
		t.Fatal("the chat is told nothing")
		return ""
	}
}

// What a program prints is said as it is, though it may look like a template.
func TestAChatIsToldOfTheEndByItsRoute(t *testing.T) {
	s := chatty(t)
	put(t, s, "/api/v1/keys/word", `{"value": "opened"}`)
	for route, announced := range map[string]string{"hubot": "chatops", "errbot": "errbot"} {
		t.Run(route, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			said := heard(ctx, t, s, announced)
			c := &client.Client{BaseURL: s.URL(), Token: s.Token}
			err := c.Post(ctx, "aliasexecution", wire.AliasRequest{
				Name: "say", Format: "say {{word}}", Command: "say hi", User: "U1", SourceChannel: "#ops", SourceContext: []byte(`{"thread": 7, "said": ["{{ st2kv.system.word }}", "{% raw %}", "{C:\\new"], "{{ x }}": "{\"a\": 1} C:\\new \" \\u0041"}`), NotificationRoute: route,
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := `{"message":"say: {{ st2kv.system.word }} hi","channel":"#ops","user":"U1","whisper":false,"context":{"thread": 7, "said": ["{{ st2kv.system.word }}", "{% raw %}", "{C:\\new"], "{{ x }}": "{\"a\": 1} C:\\new \" \\u0041"},"extra":{"color":"succeeded"}}`
			if diff := cmp.Diff(parsed(t, want), parsed(t, next(t, said))); diff != "" {
				t.Errorf("the chat is told (-want +got)\n%s", diff)
			}
		})
	}
}

func parsed(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

func TestACommandIsRunAndItsEndSaid(t *testing.T) {
	s := chatty(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	said := heard(ctx, t, s, "chatops")
	if e, result := runs(t, s, "chatops.run", `{"text": "hush you", "channel": "#ops"}`); e.Status != execution.Succeeded {
		t.Errorf("a quiet alias: %s %s", e.Status, result)
	}
	if e, result := runs(t, s, "chatops.run", `{"text": "say yes", "channel": "#ops", "user": "U1", "whisper": true}`); e.Status != execution.Succeeded {
		t.Errorf("%s %s", e.Status, result)
	}
	want := `{"message":"say: {{ st2kv.system.word }} yes","channel":"#ops","user":"U1","whisper":true,"context":null,"extra":{"color":"succeeded"}}`
	if diff := cmp.Diff(parsed(t, want), parsed(t, next(t, said))); diff != "" {
		t.Errorf("the chat is told (-want +got)\n%s", diff)
	}
}

func TestActionsOfTheChat(t *testing.T) {
	s := chatty(t)
	quiet := commanded(t, s, `{"text": "hush you"}`)
	plain := commanded(t, s, `{"text": "plain talk", "source_channel": "#ops", "user": "U1"}`)
	for _, c := range []struct {
		action, params string
		status         execution.Status
		want           string
	}{
		{"match", `{"text": "say so"}`, execution.Succeeded, `"result":{"alias":{"action_ref":"talk.say","name":"say","pack":"talk"},"representation":"say {{word}}"}`},
		{"match", `{"text": "dance"}`, execution.Failed, `Command 'dance' matched no patterns`},
		{"match_and_execute", `{"text": "dance"}`, execution.Failed, `Command 'dance' matched no patterns`},
		{"format_execution_result", `{"execution_id": "` + plain + `"}`, execution.Succeeded, `"result":{"enabled":true,"message":"talk.say succeeded after `},
		{"format_execution_result", `{"execution_id": "` + quiet + `"}`, execution.Succeeded, `"result":{"enabled":false,"message":"talk.say succeeded after `},
		{"post_result", `{"execution_id": "` + quiet + `", "channel": "c"}`, execution.Succeeded, `"note":"Execution result is disabled."`},
		{"post_result", `{"execution_id": "` + plain + `", "channel": "c"}`, execution.Succeeded, `"note":"Execution result has been posted."`},
		{"format_execution_result", `{"execution_id": "65f0c0ffee0123456789aaaa"}`, execution.Failed, `65f0c0ffee0123456789aaaa`},
		{"format_execution_result", `{"execution_id": ".."}`, execution.Failed, ``},
		{"post_result", `{"execution_id": "", "channel": "c"}`, execution.Failed, ``},
	} {
		if e, got := runs(t, s, "chatops."+c.action, c.params); e.Status != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s %s: %s %s", c.action, c.params, e.Status, got)
		}
	}
}

// commanded runs a command, and returns the id of its execution, which is over.
func commanded(t *testing.T, s *apptest.Server, params string) string {
	t.Helper()
	e, got := runs(t, s, "chatops.match_and_execute", params)
	var r struct{ Result string }
	if err := json.Unmarshal([]byte(got), &r); err != nil || e.Status != execution.Succeeded {
		t.Fatalf("%s: %s %v", e.Status, got, err)
	}
	started, err := s.Store.Reader().Execution(t.Context(), r.Result)
	if err != nil || !started.Status.Final() {
		t.Fatalf("%s is %v (%v)", r.Result, started, err)
	}
	return started.ID
}
