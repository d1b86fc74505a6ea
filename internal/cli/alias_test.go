package cli

import (
	"strings"
	"testing"
)

const talk = `{"id": "a1", "ref": "p.talk", "pack": "p", "name": "talk", "description": "Talks.", "enabled": true, "action_ref": "p.say", "formats": ["say {{word}}"]}`

func TestAliasesAreListedAndShown(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/actionalias", 200, `[`+talk+`]`, "X-Total-Count", "1")
	f.answer("GET /api/v1/actionalias/p.talk", 200, talk)
	f.check(t, f.run(t, "action-alias", "list", "-p", "p"), result{Out: "" +
		"+--------+------+-------------+---------+\n" +
		"| ref    | pack | description | enabled |\n" +
		"+--------+------+-------------+---------+\n" +
		"| p.talk | p    | Talks.      | True    |\n" +
		"+--------+------+-------------+---------+\n"})
	if got := f.run(t, "action-alias", "get", "p.talk"); got.Code != 0 || !strings.Contains(got.Out, "say {{word}}") {
		t.Errorf("%+v", got)
	}
	f.checkRequests(t, "GET /api/v1/actionalias?include_attributes=ref%2Cpack%2Cdescription%2Cenabled&pack=p", "GET /api/v1/actionalias/p.talk")
}

func TestACommandIsMatchedAndExecuted(t *testing.T) {
	f := newFake(t)
	f.answer("POST /api/v1/actionalias/match", 200, `{"actionalias": `+talk+`, "display": "say {{word}}", "representation": "say {{word}}"}`)
	f.answer("POST /api/v1/aliasexecution/match_and_execute", 201, `{"results": [{"actionalias": `+talk+`, "execution": {"id": "e1"}, "message": "On it."}]}`)
	f.check(t, f.run(t, "action-alias", "match", "say hi"), result{Out: "" +
		"+------+-------------+\n" +
		"| name | description |\n" +
		"+------+-------------+\n" +
		"| talk | Talks.      |\n" +
		"+------+-------------+\n"})
	f.check(t, f.run(t, "action-alias", "execute", "say hi", "-u", "ann"), result{
		Out: "Matching Action-alias: 'p.talk'\nOn it.\nTo see the result:\n nightshift execution get e1\n",
	})
	f.checkRequests(t, `POST /api/v1/actionalias/match {"command":"say hi"}`,
		`POST /api/v1/aliasexecution/match_and_execute {"command":"say hi","source_channel":"cli","user":"ann"}`)
}

func TestACommandIsTested(t *testing.T) {
	f := newFake(t)
	f.answer("POST /api/v1/aliasexecution/match_and_execute", 201, `{"results": [{"actionalias": `+talk+`, "execution": {"id": "e1", "status": "requested"}}]}`)
	f.answers("GET /api/v1/executions/e1", `{"id": "e1", "status": "running"}`, `{"id": "e1", "status": "succeeded"}`)
	f.answers("GET /api/ns/v1/executions/e1/message", `{"enabled": true, "message": "It is said."}`, `{"enabled": false, "message": "It is said."}`)
	if got := f.run(t, "action-alias", "test", "say hi"); got.Code != 0 || got.Out != "It is said.\n" {
		t.Errorf("%+v", got)
	}
	if got := f.run(t, "action-alias", "test", "say hi"); got.Code != 0 || got.Out != "The chat is told nothing: the alias has enabled: false for its results.\n" {
		t.Errorf("%+v", got)
	}
}

func TestACommandThatFitsNothing(t *testing.T) {
	f := newFake(t)
	f.answer("POST /api/v1/actionalias/match", 400, `{"faultstring": "Command 'x' matched no patterns"}`)
	f.check(t, f.run(t, "action-alias", "match", "x"), result{Code: ExitUsage, Err: "ERROR: Command 'x' matched no patterns\n"})
}

func TestHelpOnAliases(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/actionalias/help", 200, `{"available": 1, "helpstrings": [{"pack": "p", "display": "say {{word}}", "description": "Talks."}]}`)
	f.check(t, f.run(t, "action-alias", "help", "--filter", "say"), result{Out: "" +
		"+--------------+-------------+------+\n" +
		"| command      | description | pack |\n" +
		"+--------------+-------------+------+\n" +
		"| say {{word}} | Talks.      | p    |\n" +
		"+--------------+-------------+------+\n"})
	f.checkRequests(t, "GET /api/v1/actionalias/help?filter=say&limit=-1")
}
