package api_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/alias"
	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// chatty is a server with aliases of several kinds.
func chatty(t *testing.T) *server {
	id := func(n string) string { return "65f0c0ffee0123456789aa" + n }
	talk := func(n, name string, formats ...value.Value) *alias.Alias {
		return &alias.Alias{
			ID: id(n), UID: "action_alias:p:" + name, Ref: "p." + name, Pack: "p", Name: name, Enabled: true, ActionRef: "p.say",
			Formats: formats,
		}
	}
	return newServerWith(t, api.Options{}, func(src *source) {
		shout := talk("01", "shout", dict(t, `{"display": "shout <what>", "representation": ["shout {{word}}", "yell {{word}} {{times=2}}"]}`))
		shout.Ack = dict(t, `{"format": "{{ actionalias.name }} {{ execution.parameters.word }} {{ st2kv.system.who }}", "extra": {"color": "{{ execution.status }}"}}`)
		wrong := talk("02", "wrong", "wrong {{word}}")
		wrong.Ack = dict(t, `{"format": "{{ nothing.at.all }}"}`)
		bound := talk("03", "bound", "bound {{word}}")
		bound.ImmutableParameters = dict(t, `{"times": "{{ st2kv.system.n }}", "cmd": "{{ source_channel }}"}`)
		off := talk("04", "off", "off {{word}}")
		off.Enabled = false
		each := talk("05", "each", dict(t, `{"representation": ["(?:^|\\W)(?P<word>[A-Z]+-\\d+)(?:\\W|$)"], "match_multiple": true}`))
		src.Aliases = append(src.Aliases, shout, wrong, bound, off, each)
		told := talk("07", "told", "tell {{word}}")
		told.Result = dict(t, `{"format": "{{ alias.ref }} said {{ execution.result.stdout }}", "extra": {"slack": {"color": "{{ execution.status }}"}}}`)
		quiet := talk("08", "quiet", "quiet {{word}}")
		quiet.Result = dict(t, `{"enabled": false, "format": "never said"}`)
		src.Aliases = append(src.Aliases, told, quiet)
		lost := talk("06", "lost", "lose {{word}}")
		lost.ActionRef = "p.gone"
		src.Aliases = append(src.Aliases, lost)
	})
}

func TestACommandRunsTheActionOfItsAlias(t *testing.T) {
	s := chatty(t)
	s.do("PUT", "/v1/keys/who", `{"name": "who", "value": "us"}`).status(200)
	got := s.do("POST", "/api/v1/aliasexecution", `{"name": "shout", "format": "yell {{word}} {{times=2}}",
		"command": "yell \"so loud\" times=3", "user": "U1", "source_channel": "#ops", "source_context": {"a": 1}, "notification_route": "hubot"}`).status(201)
	for path, want := range map[string]string{
		"message": "shout so loud us", "extra.color": "scheduled", "actionalias.ref": "p.shout",
		"execution.parameters.word": "so loud", "execution.parameters.times": "3",
		"execution.context.action_alias_ref": "p.shout", "execution.context.api_user": "U1", "execution.context.user": "admin",
		"execution.context.source_channel": "#ops",
		"execution.liveaction.notify":      `{"on-complete":{"data":{"source_channel":"#ops","source_context":{"a":1},"user":"U1"},"routes":["hubot"]}}`,
	} {
		if text := got.at(path); text != want {
			t.Errorf("%s: got %s, want %s", path, text, want)
		}
	}
	if shown := s.do("GET", "/v1/executions/"+got.at("execution.id"), "").status(200).at("status"); shown != "scheduled" {
		t.Errorf("the execution is %s", shown)
	}
}

func TestACommandFindsItsAlias(t *testing.T) {
	s := chatty(t)
	s.do("PUT", "/v1/keys/n", `{"name": "n", "value": "7"}`).status(200)
	run := func(command string) answer {
		return s.do("POST", "/v1/aliasexecution/match_and_execute", `{"command": "`+command+`", "source_channel": "#x"}`).status(201)
	}
	if got := run("bound it"); got.at("results.0.execution.parameters") != `{"word":"it","times":7,"cmd":"#x"}` {
		t.Errorf("got %s", got.Body)
	}
	if got := run("wrong it"); !strings.HasPrefix(got.at("results.0.message"), `Cannot render "format" in field "ack" for alias. `) {
		t.Errorf("got %s", got.at("results.0.message"))
	}
	got := run("see OPS-1, and NET-22 times=4")
	if a, b := got.at("results.0.execution.parameters"), got.at("results.1.execution.parameters"); a != `{"word":"OPS-1","times":4}` || b != `{"word":"NET-22","times":4}` {
		t.Errorf("got %s and %s", a, b)
	}
	m := s.do("POST", "/v1/actionalias/match", `{"command": "yell it"}`).status(200)
	if m.at("actionalias.name") != "shout" || m.at("display") != "shout <what>" || m.at("representation") != "yell {{word}} {{times=2}}" {
		t.Errorf("got %s", m.Body)
	}
	if m := s.do("POST", "/v1/actionalias/match", `{"command": "OPS-1"}`).status(200); m.at("display") != "null" {
		t.Errorf("got %s", m.Body)
	}
}

func TestCommandsThatAreRefused(t *testing.T) {
	s := chatty(t)
	for body, want := range map[string]string{
		`{"name": "nobody", "format": "x", "command": "x", "source_channel": "c"}`:                             `404 Unable to identify action alias with name "nobody".`,
		`{"name": "off", "format": "off {{word}}", "command": "off x", "source_channel": "c"}`:                 `400 Action alias with name "off" is disabled.`,
		`{"name": "shout", "format": "x", "command": "x", "source_channel": "c"}`:                              `400 Format string "x" is not available on the alias "shout"`,
		`{"name": "shout", "format": "shout {{word}}", "command": "x", "source_channel": "c"}`:                 `400 Command "x" doesn't match format string "shout {{word}}"`,
		`{"name": "bound", "format": "bound {{word}}", "command": "bound x cmd=ls", "source_channel": "c"}`:    "400 Immutable arguments cannot be overriden: cmd", //nolint:misspell // the reference's words
		`{"name": "lost", "format": "lose {{word}}", "command": "lose x", "source_channel": "c"}`:              `404 Action with ref "p.gone" not found `,
		`{"name": "shout", "format": "shout {{word}}", "command": "shout x times=two", "source_channel": "c"}`: `400 Failed to cast value "two" (type: str) for parameter "times" of type "integer"`,
		`{"name": "shout", "format": "shout {{word}}", "command": "shout x"}`:                                  `400 'source_channel' is a required property`,
	} {
		if got := s.do("POST", "/v1/aliasexecution", body); got.at("faultstring") == "" || !strings.HasPrefix(itoa(got.Code)+" "+got.fault(), want) {
			t.Errorf("%s: got %d %s, want %s", body, got.Code, got.fault(), want)
		}
	}
	if got := s.do("POST", "/v1/actionalias/match", `{"command": "dance"}`).status(400).fault(); got != "Command 'dance' matched no patterns" {
		t.Errorf("got %s", got)
	}
	if n := s.do("GET", "/v1/executions", "").at("0.id"); n != "" {
		t.Error("something was started")
	}
}

func itoa(n int) string { return value.Str(int64(n)) }

func TestAChatIsToldOfTheEnd(t *testing.T) {
	s := chatty(t)
	e := s.run("p.say", func(e *execution.Execution) {
		e.Context.Extra = map[string]json.RawMessage{"action_alias_ref": json.RawMessage(`"p.told"`)}
	})
	get := func() answer { return s.do("GET", "/api/ns/v1/executions/"+e.ID+"/message", "") }
	get().status(400)
	s.finish(e, execution.Succeeded, `{"stdout": "hi"}`)
	if got := get().status(200); got.at("enabled") != "true" || got.at("message") != "p.told said hi" || got.at("extra") != `{"slack":{"color":"succeeded"}}` {
		t.Errorf("got %s", got.Body)
	}
	quiet := s.run("p.say", func(e *execution.Execution) {
		e.Context.Extra = map[string]json.RawMessage{"action_alias_ref": json.RawMessage(`"p.quiet"`)}
	})
	s.finish(quiet, execution.Succeeded, `{}`)
	if got := s.do("GET", "/api/ns/v1/executions/"+quiet.ID+"/message", "").status(200); got.at("enabled") != "false" || !strings.HasPrefix(got.at("message"), "p.say succeeded") {
		t.Errorf("got %s", got.Body)
	}
	plain := s.run("p.secretive", nil)
	s.finish(plain, execution.Failed, `{"result": {"token": "T0P", "n": 1}}`)
	got := s.do("GET", "/api/ns/v1/executions/"+plain.ID+"/message", "").status(200).at("message")
	if !strings.HasPrefix(got, "p.secretive ended: failed after ") || !strings.Contains(got, "(execution "+plain.ID+")") || strings.Contains(got, "T0P") {
		t.Errorf("got %s", got)
	}
}

func TestHelpOnAliases(t *testing.T) {
	s := chatty(t)
	got := s.do("GET", "/v1/actionalias/help?filter=SH&limit=5", "").status(200)
	if got.at("available") != "1" || got.at("helpstrings") != `[{"pack":"p","display":"shout <what>","description":""}]` {
		t.Errorf("got %s", got.Body)
	}
	if got := s.do("GET", "/v1/actionalias/help?pack=q", "").status(200).Body.String(); got != `{"available":0,"helpstrings":[]}`+"\n" {
		t.Errorf("got %s", got)
	}
	s.do("GET", "/v1/actionalias/help?filter=(", "").status(400)
}

func TestAliasesAreMadeChangedAndDeleted(t *testing.T) {
	s := chatty(t)
	made := s.do("POST", "/v1/actionalias", `{"name": "new", "pack": "p", "action_ref": "p.say", "formats": ["hi {{word}}", {"display": "d", "representation": ["ho"]}]}`).status(201)
	if made.at("ref") != "p.new" || made.at("enabled") != "true" || made.at("formats.1.representation.0") != "ho" {
		t.Errorf("got %s", made.Body)
	}
	s.do("POST", "/v1/actionalias", `{"name": "new", "pack": "p", "action_ref": "p.say", "formats": ["x"]}`).status(409)
	if got := s.do("POST", "/v1/actionalias", `{"name": "bad", "pack": "p", "action_ref": "p.say", "formats": ["x ("]}`).status(400).fault(); !strings.Contains(got, "regular expression") {
		t.Errorf("got %s", got)
	}
	s.do("POST", "/v1/actionalias", `{"name": "own", "pack": "core", "action_ref": "p.say", "formats": ["x"]}`).status(400)
	changed := s.do("PUT", "/v1/actionalias/"+made.at("id"), `{"name": "newer", "pack": "p", "action_ref": "p.say", "formats": ["hey"], "enabled": false}`).status(200)
	if changed.at("id") != made.at("id") || changed.at("ref") != "p.newer" || changed.at("enabled") != "false" {
		t.Errorf("got %s", changed.Body)
	}
	s.do("GET", "/v1/actionalias/p.new", "").status(404)
	s.do("DELETE", "/v1/actionalias/p.newer", "").status(204)
	s.do("GET", "/v1/actionalias/"+made.at("id"), "").status(404)
}

func TestAnnouncementsAreOnTheStream(t *testing.T) {
	s := newServer(t, api.Options{})
	heard := s.follow(s.listen(), "/v1/stream", url.Values{"events": {"st2.announcement__*"}, "end_event": {"st2.announcement__chatops"}, "end_execution_id": {"65f0c0ffee0123456789aaaa"}})
	tell := func(id, ref string, status execution.Status, result string) {
		e := s.run(ref, func(e *execution.Execution) {
			e.Runner = "announcement"
			e.Context.TraceContext = &execution.Trace{Tag: "T"}
			if id != "" {
				e.ID = id
			}
		})
		s.finish(e, status, result)
		s.ring(bus.ExecutionChanged + e.ID)
	}
	tell("", "p.say", execution.Failed, `{"output": {"n": 1}, "route": "general"}`)
	tell("", "p.secretive", execution.Succeeded, `{"output": {"n": 2, "key": "hush"}, "route": "ops.prod"}`)
	tell("65f0c0ffee0123456789aaaa", "p.say", execution.Succeeded, `{"output": {"message": "up"}, "route": "chatops"}`)
	var got []string
	for _, e := range <-heard {
		got = append(got, e.Name+" "+string(e.Data))
	}
	want := `st2.announcement__ops.prod {"payload":{"n":2,"key":"********"},"trace_context":{"trace_tag":"T"}}
st2.announcement__chatops {"payload":{"message":"up"},"trace_context":{"trace_tag":"T"}}`
	if strings.Join(got, "\n") != want {
		t.Errorf("heard %s", strings.Join(got, "\n"))
	}
}
