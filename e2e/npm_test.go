//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// npm makes a folder with the programs of testdata/npm and what they need of npm.
// Without that there is nothing to test with.
func npm(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/npm")); err != nil {
		t.Fatal(err)
	}
	// The scripts of packages are not run, and no word goes to the index but what it is asked for.
	cmd := exec.Command("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("the packages of npm can't be had: %v: %s", err, out)
	}
	return dir
}

// smallPack makes a Git repository with a pack that has a configuration.
func smallPack(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "small")
	write(t, dir, "pack.yaml", "{ref: small, name: small, description: Small., version: 1.0.0, author: e2e}\n")
	write(t, dir, "config.schema.yaml", "greeting: {type: string, default: hello, description: How people are greeted.}\n")
	write(t, dir, "actions/greet.yaml", `
name: greet
description: Greets as it is configured.
runner_type: local-shell-cmd
enabled: true
parameters:
  cmd: {immutable: true, default: "echo {{ config_context.greeting }}"}
`)
	git(t, dir, "init")
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-m", "small")
	git(t, dir, "tag", "v1.0.0")
	return dir
}

// TestClientsOfNPM has those that are written in JavaScript speak to the server.
func TestClientsOfNPM(t *testing.T) {
	dir := npm(t)
	t.Run("st2client", func(t *testing.T) { leadST2Client(t, dir) })
	t.Run("hubot", func(t *testing.T) { chatWithHubot(t, dir) })
}

// leadST2Client leads StackStorm's client for JavaScript, which st2web and
// hubot-stackstorm use, through a session.
func leadST2Client(t *testing.T, dir string) {
	t.Helper()
	s := serve(t, chatPack(t))
	cmd := exec.CommandContext(t.Context(), "node", "session.cjs")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "ST2_BASE_URL="+s.url, "ST2_USER=admin", "ST2_PASSWORD="+s.password, "PACK=file://"+smallPack(t))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the session ended with %v: %s\nafter\n%s", err, stderrOf(err), out)
	}
	got := map[string]any{}
	for line := range strings.Lines(string(out)) {
		var said struct {
			Step  string
			Value any
		}
		if err := json.Unmarshal([]byte(line), &said); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		got[said.Step] = said.Value
	}
	const flow = "version: 1.0\ninput: [what]\n"
	if text, _ := got["entry point"].(string); !strings.Contains(text, flow) {
		t.Errorf("the workflow of chat.mend is %q", text)
	}
	delete(got, "entry point")
	want := map[string]any{}
	if err := json.Unmarshal([]byte(`{
		"wrong password": "APIError 401: Invalid or missing credentials",
		"nobody": "APIError 401: Unauthorized - One of Token or API key required.",
		"login": {"user": "admin", "good": true},
		"actions": ["chat.greet", "chat.mend"],
		"action": {"type": "string", "required": true, "position": 0, "description": "Who is greeted."},
		"overview": ["who", "times", "cmd", "cwd", "env", "kwarg_op", "sudo", "sudo_password", "timeout"],
		"no action": "APIError 404: Resource with a reference or id \"chat.nothing\" not found",
		"run": "hello ann", "repeat": "hello zoe", "get": "succeeded", "watch": "succeeded", "attribute": "hello zoe",
		"page": {"ids": 1, "newest": true, "total": 2, "limit": 1},
		"cancel": "canceled",
		"wrong parameters": "APIError 400: 'who' is a required property",
		"filters": true,
		"edit a rule": false, "rules": ["default.made"], "rule overview": "core.noop",
		"deleted rule": "APIError 404: Resource with a reference or id \"default.made\" not found",
		"by key": 2, "keys": ["a bot"], "disabled key": "APIError 401: Unauthorized - API key is disabled.",
		"aliases": [["greet {{who}}", "salute {{who}} {{times}} times"]],
		"alias": {"message": "On my way to bob.", "result": "hello bob"},
		"triggers": true, "packs": true, "files": true,
		"file": "{ref: chat, name: chat, description: For clients., version: 1.0.0, author: e2e}\n",
		"install": "succeeded",
		"schema": {"greeting": {"type": "string", "default": "hello", "description": "How people are greeted."}},
		"configure": {"greeting": "hi"}, "config": {"greeting": "hi"},
		"uninstall": "succeeded"
	}`), &want); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

func stderrOf(err error) []byte {
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return e.Stderr
	}
	return nil
}

// chat is a chat with a robot in it.
type chat struct {
	t     *testing.T
	in    *json.Encoder
	heard chan string
}

// said is a message.
type said struct {
	Room string `json:"room"`
	User string `json:"user,omitempty"`
	Text string `json:"text"`
}

// newChat starts hubot with what it needs to speak to a server.
func newChat(t *testing.T, dir string, environ ...string) *chat {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "node_modules/.bin/hubot"), "--name", "robot", "--disable-httpd", "--file", "adapter.mjs")
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "HUBOT_LOG_LEVEL=error"), environ...)
	stderr := &output{}
	cmd.Stderr = stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &chat{t: t, in: json.NewEncoder(in), heard: make(chan string)}
	stop := make(chan struct{})
	go func() {
		defer close(c.heard)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var m said
			if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
				continue // hubot logs there, too
			}
			select {
			case c.heard <- m.Room + ": " + m.Text:
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("hubot said:\n%s", stderr)
		}
	})
	return c
}

func (c *chat) say(text string) {
	c.t.Helper()
	if err := c.in.Encode(said{Room: "ops", User: "ann", Text: text}); err != nil {
		c.t.Fatal(err)
	}
}

// hears waits until a message that contains text is there, and returns it.
func (c *chat) hears(text string) string {
	c.t.Helper()
	var others []string
	for late := time.After(time.Minute); ; {
		select {
		case m, ok := <-c.heard:
			if ok && strings.Contains(m, text) {
				return m
			}
			if !ok {
				c.t.Fatalf("hubot has ended; heard %q", others)
			}
			others = append(others, m)
		case <-late:
			c.t.Fatalf("nobody said %q; heard %q", text, others)
		}
	}
}

// chatWithHubot has somebody in a chat run commands by a real hubot, with a script that
// asks the server as hubot-stackstorm does and listens to what the server announces.
func chatWithHubot(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, "scripts"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "bot.mjs"), filepath.Join(dir, "scripts/bot.mjs")); err != nil {
		t.Fatal(err)
	}
	s := serve(t, chatPack(t))
	var key struct{ Key string }
	s.do(t, "POST", "/api/v1/apikeys", `{"user": "admin"}`, &key)
	c := newChat(t, dir, "ST2_BASE_URL="+s.url, "ST2_API_KEY="+key.Key)

	if m := c.hears("status: "); m == "status: 0 commands" {
		t.Error("the robot knows no command")
	}
	c.say("robot greet ann")
	c.hears("ops: On my way to ann.")
	c.hears("hello ann")
	c.say("robot salute eve 2 times")
	c.hears("hello eve\nhello eve")
	c.say("robot salute eve many times")
	c.hears("refused with 400")
	c.say("robot commands about greet")
	c.hears("greet {{who}}")
	c.say("robot what is greet bob")
	c.hears("ops: chat.greet")
	c.say("robot what is nonsense")
	c.hears("nonsense")

	s.cli(t, "run", "chatops.post_message", "channel=ops", "message=Mind the gap.")
	c.hears("Mind the gap.")
	var list []struct {
		Context struct {
			User    string
			Source  string `json:"source_channel"`
			APIUser string `json:"api_user"`
		}
	}
	s.get(t, "/api/v1/executions?action=chat.greet&limit=1", &list)
	if len(list) != 1 || list[0].Context.APIUser != "ann" || list[0].Context.User != "admin" || list[0].Context.Source != "ops" {
		t.Errorf("asked by %s", fmt.Sprint(list))
	}
}
