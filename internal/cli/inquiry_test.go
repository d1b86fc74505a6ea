package cli

import (
	"strings"
	"testing"
)

const inquiry1 = `{"id": "i1", "route": "ops", "ttl": 30, "users": ["ann"], "roles": [], "schema": {"type": "object", "properties": {
	"continue": {"type": "boolean", "description": "Go on?", "required": true}}}}`

func TestInquiriesAreListedAndShown(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/inquiries", 200, `[`+inquiry1+`]`, "X-Total-Count", "1")
	f.answer("GET /api/v1/inquiries/i1", 200, inquiry1)
	f.answer("GET /api/v1/inquiries/i2", 404, `{"faultstring": "Unable to identify resource with id \"i2\"."}`)
	f.check(t, f.run(t, "inquiry", "list"), result{Out: "" +
		"+----+-------+-------+-------+-----+\n" +
		"| id | roles | users | route | ttl |\n" +
		"+----+-------+-------+-------+-----+\n" +
		"| i1 |       | ann   | ops   | 30  |\n" +
		"+----+-------+-------+-------+-----+\n"})
	if got := f.run(t, "inquiry", "get", "i1"); got.Code != 0 || !strings.Contains(got.Out, `"Go on?"`) {
		t.Errorf("%+v", got)
	}
	if got := f.run(t, "inquiry", "get", "i2"); got.Code != ExitNotFound {
		t.Errorf("%+v", got)
	}
	f.checkRequests(t, "GET /api/v1/inquiries?limit=50", "GET /api/v1/inquiries/i1", "GET /api/v1/inquiries/i2")
}

func TestAnInquiryIsAnsweredInOneGo(t *testing.T) {
	f := newFake(t)
	f.answer("PUT /api/v1/inquiries/i1", 200, `{"id": "i1", "response": {"continue": true}}`)
	f.check(t, f.run(t, "inquiry", "respond", "i1", "-r", `{"continue": true}`), result{Out: "Response accepted for inquiry i1.\n"})
	f.check(t, f.run(t, "inquiry", "respond", "i1", "--response", `{"continue": tru}`), result{
		Code: ExitUsage, Err: "ERROR: the response is no JSON: Expecting value: line 1 column 14 (char 13)\n",
	})
	f.checkRequests(t, `PUT /api/v1/inquiries/i1 {"id":"i1","response":{"continue":true}}`)
}

const everything = `{"id": "i1", "schema": {"type": "object", "required": ["n"], "properties": {
	"go": {"type": "boolean", "default": true}, "name": {"type": "string", "required": true, "description": "Who are you?", "minLength": 2},
	"n": {"type": "integer", "minimum": 3}, "f": {"type": "number"}, "where": {"enum": ["eu", "us"], "default": "us"},
	"tags": {"type": "array", "items": {"type": "integer"}}, "pin": {"type": "string", "secret": true},
	"at": {"type": "object", "properties": {"host": {"type": "string"}, "port": {"type": "integer"}}},
	"disks": {"type": "array", "items": {"type": "object", "properties": {"dev": {"type": "string"}}}},
	"days": {"type": "array", "items": {"enum": ["mo", "tu", "we"]}}, "note": {"type": "string"}}}}`

func TestAPersonIsAskedForOnePropertyAfterTheOther(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/inquiries/i1", 200, everything)
	f.answer("PUT /api/v1/inquiries/i1", 200, `{}`)
	x := f.terminal(t)
	x.opts.InTerminal = true
	x.opts.ReadPassword = func() (string, error) { return "1234", nil }
	x.opts.In = strings.NewReader(strings.Join([]string{
		"maybe", "NO", // go
		"", "x", "ann", // name
		"two", "2", "3", "1.5", "0", "1, 2", "web-1", "80", "sda", "y", "sdb", "", "0,we", "",
	}, "\n") + "\n")
	f.check(t, x.run("inquiry", "respond", "i1"), result{
		Out: "Response accepted for inquiry i1.\n",
		Err: `go (boolean) [y]: "maybe" is neither yes nor no
go (boolean) [y]: Who are you?
name: this has to be answered
name: 'x' is too short
name: n (integer): "two" is not a whole number
n (integer): 2 is less than the minimum of 3
n (integer): f (float): where
 0 - eu
 1 - us
Choose by number or by name [us]: tags (comma-separated list): pin (secret): 
at.host: at.port (integer): disks[0].dev: Another item of disks? (boolean) [n]: disks[1].dev: ` +
			`Another item of disks? (boolean) [n]: days (comma-separated list)
 0 - mo
 1 - tu
 2 - we
Choose by number or by name: note: `,
	})
	f.checkRequests(t, "GET /api/v1/inquiries/i1", `PUT /api/v1/inquiries/i1 {"id":"i1","response":{"go":false,"name":"ann","n":3,"f":1.5,`+
		`"where":"eu","tags":[1,2],"pin":"1234","at":{"host":"web-1","port":80},"disks":[{"dev":"sda"},{"dev":"sdb"}],"days":["mo","we"]}}`)
}

func TestAScriptAnswersLineByLine(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/inquiries/i1", 200, inquiry1)
	f.answer("GET /api/v1/inquiries/i2", 200, `{"id": "i2", "schema": {}}`)
	f.answer("PUT /api/v1/inquiries/", 200, `{}`)
	run := func(id, in string) result {
		x := f.terminal(t)
		x.opts.In = strings.NewReader(in)
		return x.run("inquiry", "respond", id)
	}
	f.check(t, run("i1", "yes"), result{Out: "Response accepted for inquiry i1.\n"})
	f.check(t, run("i2", `{"any": "thing"}`), result{Out: "Response accepted for inquiry i2.\n"})
	f.check(t, run("i1", "perhaps\n"), result{
		Code: ExitUsage, Err: "ERROR: answer inquiry i1: continue: \"perhaps\" is neither yes nor no\n",
	})
	f.check(t, run("i1", ""), result{
		Code: ExitUsage, Err: "ERROR: answer inquiry i1: standard input ended before everything was answered\n",
	})
	f.checkRequests(t, "GET /api/v1/inquiries/i1", `PUT /api/v1/inquiries/i1 {"id":"i1","response":{"continue":true}}`,
		"GET /api/v1/inquiries/i2", `PUT /api/v1/inquiries/i2 {"id":"i2","response":{"any":"thing"}}`,
		"GET /api/v1/inquiries/i1", "GET /api/v1/inquiries/i1")
}
