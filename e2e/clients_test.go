//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// chatPack has what the clients are led through: a workflow that asks, and a command
// for chats.
func chatPack(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "chat/pack.yaml", "{ref: chat, name: chat, description: For clients., version: 1.0.0, author: e2e}\n")
	write(t, dir, "chat/actions/greet.yaml", `
name: greet
description: Greets somebody.
runner_type: local-shell-cmd
parameters:
  who: {type: string, required: true, position: 0, description: Who is greeted.}
  times: {type: integer, default: 1}
  cmd: {immutable: true, default: 'for i in $(seq {{times}}); do echo "hello {{who}}"; done'}
`)
	write(t, dir, "chat/actions/mend.yaml", `
name: mend
description: Asks before it mends.
runner_type: orquesta
entry_point: workflows/mend.yaml
parameters:
  what: {type: string, default: everything}
`)
	write(t, dir, "chat/actions/workflows/mend.yaml", `
version: 1.0
input: [what]
tasks:
  look:
    action: core.echo message="<% ctx().what %> is broken"
    next:
      - when: <% succeeded() %>
        do: ask
  ask:
    action: core.ask
    input:
      schema: {type: object, properties: {go: {type: boolean, required: true}}}
    next:
      - when: <% succeeded() and result().response.go %>
        do: mend
  mend:
    action: core.echo message="<% ctx().what %> is mended"
`)
	write(t, dir, "chat/aliases/greet.yaml", `
name: greet
description: Greets somebody.
action_ref: chat.greet
formats: ["greet {{who}}", "salute {{who}} {{times}} times"]
ack: {format: "On my way to {{ execution.parameters.who }}."}
result: {format: "{{ execution.result.stdout }}"}
`)
	write(t, dir, "chat/rules/greet.yaml", `
name: greet
description: Greets whoever calls.
enabled: true
trigger: {type: core.st2.webhook, parameters: {url: call}}
action: {ref: chat.greet, parameters: {who: "{{ trigger.body.who }}"}}
`)
	return dir
}

// st2 is a program with the command line of StackStorm's client.
type st2 struct {
	path, home, base string
	environ          []string
}

// run runs a command and returns what it prints and its exit code.
func (c *st2) run(t *testing.T, args ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.path, args...)
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + c.home, "ST2_BASE_URL=" + c.base, "COLUMNS=150", "TERM=dumb", "LC_ALL=C.UTF-8",
	}, c.environ...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	code := 0
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		code = e.ExitCode()
	} else if err != nil {
		t.Fatalf("%s %s: %v", c.path, strings.Join(args, " "), err)
	}
	if code > 1 {
		t.Logf("%s %s: %s", filepath.Base(c.path), strings.Join(args, " "), &stderr)
	}
	return string(out), code
}

// installed makes a virtual environment with packages of PyPI. Without them there is
// nothing to test with: an index that is out of reach is no mistake of ours.
func installed(t *testing.T, packages ...string) (bin string) {
	t.Helper()
	dir := t.TempDir()
	for _, args := range [][]string{
		{"python3", "-m", "venv", dir},
		append([]string{filepath.Join(dir, "bin/pip"), "install", "--quiet", "--disable-pip-version-check"}, packages...),
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Skipf("%s can't be had: %v: %s", strings.Join(packages, " "), err, out)
		}
	}
	return filepath.Join(dir, "bin")
}

// what differs from one run to the next
var (
	anID      = regexp.MustCompile(`[0-9a-f]{24}`)
	aTime     = regexp.MustCompile(`\w{3}, \d\d \w{3} \d{4}( \d\d:\d\d:\d\d UTC)?|\d\d:\d\d:\d\d UTC|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?`)
	aDuration = regexp.MustCompile(`"elapsed_seconds": [0-9.]+|\(\d+s elapsed\)`)
	waiting   = regexp.MustCompile(`(?m)^\.+$`) // StackStorm's client prints them while it waits
)

func withoutChance(s string) string {
	for _, x := range []struct {
		re *regexp.Regexp
		by string
	}{{anID, "{id}"}, {aTime, "{time}"}, {aDuration, "{duration}"}, {waiting, ""}} {
		s = x.re.ReplaceAllString(s, x.by)
	}
	// A table is as wide as what is in it.
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.Join(strings.Fields(regexp.MustCompile(`-{3,}`).ReplaceAllString(l, "---")), " ")
	}
	return strings.Join(lines, "\n")
}

// TestST2ClientOfStackStorm leads StackStorm's own client and the program under the
// name st2 through the same session with a server: both must print the same, and end
// with the same code. What one of them changes the other one finds changed; where
// that matters, each has things of its own.
func TestST2ClientOfStackStorm(t *testing.T) {
	bin := installed(t, "st2client==3.9.0")
	host := fmt.Sprintf("127.78.%d.%d", os.Getpid()/250%250+1, os.Getpid()%250+1) // whose ports nobody has taken
	s := serve(t, chatPack(t), "--listen", host+":0", "--st2-ports")
	linked := filepath.Join(t.TempDir(), "st2")
	if err := os.Symlink(s.binary, linked); err != nil {
		t.Fatal(err)
	}
	theirs := &st2{path: filepath.Join(bin, "st2"), home: t.TempDir(), base: "http://" + host}
	ours := &st2{path: linked, home: t.TempDir(), base: "http://" + host}

	// each runs a command with both clients, and returns what they printed. The words
	// may have {} for what belongs to one client: it becomes the client's value.
	each := func(want int, values [2]string, words ...string) [2]string {
		t.Helper()
		var printed [2]string
		for i, c := range []*st2{theirs, ours} {
			args := make([]string, len(words))
			for j, w := range words {
				args[j] = strings.ReplaceAll(w, "{}", values[i])
			}
			out, code := c.run(t, args...)
			printed[i] = out
			if code != want {
				t.Errorf("%s %s ended with %d, want %d:\n%s", filepath.Base(filepath.Dir(c.path)), strings.Join(args, " "), code, want, out)
			}
		}
		a, b := printed[0], printed[1]
		if values[0] != values[1] {
			a, b = strings.ReplaceAll(a, values[0], "{}"), strings.ReplaceAll(b, values[1], "{}")
		}
		if a, b := withoutChance(a), withoutChance(b); a != b {
			t.Errorf("st2 %s: StackStorm's client printed\n%s\nand ours\n%s", strings.Join(words, " "), a, b)
		}
		return printed
	}
	both := func(words ...string) [2]string { t.Helper(); return each(0, [2]string{}, words...) }
	ids := func(printed [2]string) (out [2]string) {
		for i, p := range printed {
			out[i] = anID.FindString(p)
		}
		return out
	}

	both("login", "admin", "-p", s.password)
	both("whoami")

	t.Run("executions", func(t *testing.T) {
		ran := both("run", "chat.greet", "who=ann")
		id := ids(ran)
		both("run", "chat.greet", "who=bob", "times=2", "-j")
		for _, c := range []*st2{theirs, ours} {
			out, code := c.run(t, "run", "core.local", "cmd=echo one; echo two", "--tail")
			// Of an execution that is over before it is asked for, there is the result alone.
			shown := strings.Contains(out, "one\ntwo") || strings.Contains(out, "stdout: 'one")
			if code != 0 || !shown || !strings.Contains(out, "has completed (status=succeeded).") {
				t.Errorf("tail: %s", out)
			}
		}
		each(1, [2]string{}, "run", "core.local", "cmd=exit 3")
		both("run", "chat.greet", "-h")
		both("action", "execute", "chat.greet", "who=eve")
		both("execution", "get", id[0])
		both("execution", "get", id[0], "-j")
		both("execution", "get", id[0], "-d")
		both("execution", "get", id[0], "-k", "stdout")
		both("execution", "get", id[0], "--attr", "status", "result.stdout")
		both("execution", "get", id[0], "--with-schema")
		both("execution", "tail", id[0])
		both("execution", "re-run", id[0], "who=zoe")
		both("execution", "list", "-n", "3", "-y")
		both("execution", "list", "-n", "2")
		both("execution", "list", "--action", "chat.greet", "--status", "succeeded", "--sort", "asc")
		long := ids(both("run", "core.local", "cmd=sleep 60", "-a"))
		each(0, long, "execution", "cancel", "{}")
		each(1, [2]string{}, "execution", "get", "0123456789abcdef01234567")
	})
	t.Run("inquiries", func(t *testing.T) {
		flow := ids(both("run", "chat.mend", "what=disk", "-a"))
		var asked [2]string
		for i, id := range flow {
			eventually(t, "the question is asked", 30*time.Second, func() bool {
				out, _ := theirs.run(t, "execution", "get", id, "-j")
				return strings.Contains(out, `"status": "paused"`) || strings.Contains(out, `"status": "running"`)
			})
			eventually(t, "the question is listed", 30*time.Second, func() bool {
				out, _ := ours.run(t, "execution", "list", "-l", "--action", "core.ask", "--status", "pending", "-a", "id", "parent", "-j")
				for line := range strings.SplitSeq(out, "}") {
					if strings.Contains(line, id) {
						asked[i] = anID.FindString(line)
					}
				}
				return asked[i] != ""
			})
		}
		both("inquiry", "list")
		each(0, asked, "inquiry", "get", "{}")
		each(0, asked, "inquiry", "respond", "{}", "-r", `{"go": true}`)
		for _, id := range flow {
			eventually(t, "it is mended", 30*time.Second, func() bool {
				out, _ := ours.run(t, "execution", "get", id, "-j", "--attr", "status")
				return strings.Contains(out, "succeeded")
			})
		}
		each(0, flow, "execution", "get", "{}")
		each(0, flow, "execution", "get", "{}", "--raw")
	})
	t.Run("content", func(t *testing.T) {
		for _, args := range []string{
			"action list -p chat", "action get chat.greet", "action get chat.greet -j", "action get chat.greet chat.nothing",
			"runner list", "runner get noop", "pack list", "pack get chat", "timer list", "webhook list",
			"trigger list -p core", "trigger get core.st2.webhook", "policy-type list", "policy-type get action.retry",
			"action-alias list", "action-alias get chat.greet", "service-registry group list", "apikey list",
		} {
			both(strings.Fields(args)...)
		}
		each(1, [2]string{}, "action", "get", "chat.nothing")
		file := write(t, t.TempDir(), "rule.yaml", "{name: made, pack: default, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: made}}, action: {ref: core.noop}}\n")
		for _, c := range []*st2{theirs, ours} {
			for _, args := range []string{"rule create " + file, "rule disable default.made", "rule enable default.made", "rule update default.made " + file, "rule delete default.made"} {
				if out, code := c.run(t, strings.Fields(args)...); code != 0 {
					t.Errorf("%s: %s", args, out)
				}
			}
		}
		both("rule", "list", "--iftt")
		both("rule", "get", "chat.greet")
		both("pack", "register", "chat", "--types", "actions")
	})
	t.Run("keys", func(t *testing.T) {
		both("key", "set", "a", "1")
		for _, c := range []*st2{theirs, ours} {
			if out, code := c.run(t, "key", "set", "-e", "s", "hush"); code != 0 || strings.Contains(out, "hush") {
				t.Errorf("a secret is set: %s", out)
			}
		}
		both("key", "get", "a")
		both("key", "get", "s", "-d", "-j")
		both("key", "list")
		file := write(t, t.TempDir(), "keys.yaml", "- {name: k.one, value: x}\n- {name: k.two, value: {y: 1}}\n")
		both("key", "load", "-c", file)
		each(1, [2]string{}, "key", "load", file)
		each(1, [2]string{}, "key", "get", "nothing")
		if out, code := theirs.run(t, "key", "delete", "a"); code != 0 {
			t.Errorf("delete a key: %s", out)
		}
		each(2, [2]string{}, "key", "delete", "a")
		if out, code := ours.run(t, "key", "delete_by_prefix", "-p", "k."); code != 0 || !strings.Contains(out, "k.one, k.two") {
			t.Errorf("delete keys: %s", out)
		}
		both("key", "delete_by_prefix", "-p", "k.")
	})
	t.Run("events", func(t *testing.T) {
		var told struct{}
		s.do(t, "POST", "/api/v1/webhooks/call", `{"who": "web"}`, &told)
		eventually(t, "the rule is enforced", 30*time.Second, func() bool {
			out, _ := ours.run(t, "rule-enforcement", "list", "-j")
			return strings.Contains(out, "chat.greet")
		})
		both("trigger-instance", "list")
		both("rule-enforcement", "list")
		out, _ := ours.run(t, "trigger-instance", "list", "-n", "1", "-a", "id", "-j")
		both("trigger-instance", "get", anID.FindString(out))
		both("trigger-instance", "re-emit", anID.FindString(out))
	})
	t.Run("chat", func(t *testing.T) {
		both("action-alias", "match", "greet ann")
		both("action-alias", "execute", "salute ann 2 times")
		each(1, [2]string{}, "action-alias", "match", "sing")
	})
	t.Run("packs", func(t *testing.T) {
		repo := "file://" + smallPack(t)
		both("pack", "install", repo)
		both("pack", "install", repo, "-j")
		both("pack", "get", "small")
		both("pack", "list", "-a", "ref", "version")
		var kept struct{ Values map[string]string }
		s.do(t, "PUT", "/api/v1/configs/small", `{"greeting": "hey"}`, &kept)
		for i, out := range both("run", "small.greet") {
			if !strings.Contains(out, "hey") {
				t.Errorf("client %d runs what is not configured: %s", i, out)
			}
		}
		var removed [2]string
		for i, c := range []*st2{theirs, ours} {
			if out, code := c.run(t, "pack", "install", repo, "--force"); code != 0 {
				t.Errorf("install again: %s", out)
			}
			out, code := c.run(t, "pack", "remove", "small")
			if code != 0 {
				t.Errorf("remove: %s", out)
			}
			removed[i] = withoutChance(out)
		}
		if removed[0] != removed[1] {
			t.Errorf("of a pack that is removed, StackStorm's client printed\n%s\nand ours\n%s", removed[0], removed[1])
		}
		each(1, [2]string{}, "pack", "get", "small")
		each(1, [2]string{}, "run", "small.greet")
	})
}
