package builtin_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/alert"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/pack/builtin"
	"github.com/nightshift-run/nightshift/internal/probe"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/schema"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

func read(t *testing.T) []*pack.Content {
	t.Helper()
	contents, found := builtin.Read(pack.Options{Runner: known}, "/packs")
	if len(found) > 0 {
		t.Fatalf("findings:\n%s", found)
	}
	return contents
}

func known(name string) (*action.RunnerType, bool) {
	for _, t := range runner.Types(nil, nil) {
		if t.Name == name {
			return &t, true
		}
	}
	return nil, false
}

func TestPacksAreReadWithoutAFinding(t *testing.T) {
	var names, actions []string
	for _, c := range read(t) {
		names = append(names, c.Pack.Ref)
		if c.Pack.Path != filepath.Join("/packs", c.Pack.Ref) {
			t.Errorf("%s lies in %s", c.Pack.Ref, c.Pack.Path)
		}
		for _, a := range c.Actions {
			actions = append(actions, a.Ref)
		}
	}
	if diff := cmp.Diff([]string{"alerts", "chatops", "core", "default", "linux", "packs", "probes"}, names); diff != "" {
		t.Errorf("packs (-want +got)\n%s", diff)
	}
	for _, want := range []string{"local", "local_sudo", "http", "noop", "echo", "error", "pause", "uuid", "remote", "remote_sudo", "ask", "announcement", "sendmail", "winrm_cmd", "winrm_ps_cmd"} {
		if !slices.Contains(actions, "core."+want) {
			t.Errorf("there is no core.%s", want)
		}
	}
}

func TestEveryTypeTheServerFiresIsThere(t *testing.T) {
	types := map[string]*trigger.Type{}
	for _, c := range read(t) {
		for _, typ := range c.TriggerTypes {
			if types[typ.Ref] != nil {
				t.Errorf("%s is there twice", typ.Ref)
			}
			types[typ.Ref] = typ
			for _, d := range []*value.Dict{typ.PayloadSchema, typ.ParametersSchema} {
				if d.Len() == 0 {
					continue
				}
				if _, err := schema.Compile(d); err != nil {
					t.Errorf("%s: %v", typ.Ref, err)
				}
			}
		}
	}
	want := []string{
		trigger.Webhook, trigger.IntervalTimer, trigger.DateTimer, trigger.CronTimer, trigger.ActionFinished,
		trigger.KeyCreated, trigger.KeyUpdated, trigger.KeyChanged, trigger.KeyDeleted,
		"core.st2.generic.notifytrigger", "core.st2.generic.inquiry", "core.st2.action.file_written",
		"core.st2.sensor.process_spawn", "core.st2.sensor.process_exit",
	}
	want = append(want, probe.Kinds()...)
	for _, s := range alert.Sources() {
		want = append(want, s.Trigger)
	}
	for _, ref := range want {
		if types[ref] == nil {
			t.Errorf("there is no type %s", ref)
		}
	}
}

func TestWebhooksNeedAURLAndNothingElse(t *testing.T) {
	for _, c := range read(t) {
		for _, typ := range c.TriggerTypes {
			if typ.Ref != trigger.Webhook {
				continue
			}
			s, err := schema.Compile(typ.ParametersSchema)
			if err != nil {
				t.Fatal(err)
			}
			d := value.NewDict()
			if s.Check(d) == nil {
				t.Error("a webhook needs no URL")
			}
			d.Set("url", "x")
			if err := s.Check(d); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestAlertsSayWhatIsAlwaysThere(t *testing.T) {
	for _, typ := range builtin.Types() {
		if typ.Pack != "alerts" {
			continue
		}
		s, err := schema.Compile(typ.PayloadSchema)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Check(value.NewDict()); err == nil {
			t.Errorf("%s: an empty payload is none of an alert", typ.Ref)
		}
	}
}

func TestExtract(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "core/actions/send_mail/send_mail")
	for range 2 { // the second time over what is there
		if err := builtin.Extract(dir); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(script)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o755 {
			t.Errorf("the script has mode %v", info.Mode())
		}
		// What an administrator or an older version left is put right.
		old := filepath.Join(dir, "core/old/thing.py")
		if err := os.MkdirAll(filepath.Dir(old), 0o750); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{old, script} {
			if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := builtin.Extract(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "core/old")); !os.IsNotExist(err) {
		t.Errorf("what is no part of the pack is still there (%v)", err)
	}
	contents, found := builtin.Read(pack.Options{}, dir)
	onDisk, foundOnDisk := pack.Read(os.DirFS(dir), "core", pack.Options{Path: filepath.Join(dir, "core")})
	if len(found)+len(foundOnDisk) > 0 {
		t.Fatalf("findings:\n%s%s", found, foundOnDisk)
	}
	for _, c := range contents {
		if c.Pack.Ref == "core" && !slices.Equal(c.Pack.Files, onDisk.Pack.Files) {
			t.Errorf("on disk there is %v, in the program %v", onDisk.Pack.Files, c.Pack.Files)
		}
	}
}

func TestSendMail(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("there is no bash")
	}
	dir := t.TempDir()
	if err := builtin.Extract(dir); err != nil {
		t.Fatal(err)
	}
	sendmail, out := filepath.Join(dir, "sendmail"), filepath.Join(dir, "out")
	if err := os.WriteFile(sendmail, []byte("#!/bin/sh\n{ echo \"$@\"; cat; } >"+out+"\n"), 0o700); err != nil { //nolint:gosec // a script
		t.Fatal(err)
	}
	attached := filepath.Join(dir, "a \"file\".txt")
	if err := os.WriteFile(attached, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, error) {
		_ = os.Remove(out)
		cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "core/actions/send_mail/send_mail"), args...)
		cmd.Env = append(os.Environ(), "LC_ALL=C")
		text, err := cmd.CombinedOutput()
		if err != nil {
			return string(text), err
		}
		mail, err := os.ReadFile(out)
		return string(text) + string(mail), err
	}
	mail, err := run(sendmail, "a@x.example", "b@y.example\nBcc: c@z.example", "Grüße aus der Nacht, sehr lang", "1", "text/plain", "Hallo", attached)
	if err != nil {
		t.Fatalf("%v\n%s", err, mail)
	}
	for _, want := range []string{
		"-i -t -f a@x.example\nFrom: a@x.example\nTo: b@y.exampleBcc: c@z.example\nSubject: =?UTF-8?B?R3LDvMOfZSBhdXMgZGVyIE4=?=\n =?UTF-8?B?",
		"Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: base64\n\nSGFsbG8=",
		"filename=\"a file.txt\"\n\naGVsbG8=\n--nightshift-",
	} {
		if !strings.Contains(mail, want) {
			t.Errorf("the mail has no %q:\n%s", want, mail)
		}
	}
	if text, err := run(sendmail, "a", "b", "s", "", "text/plain", ""); err == nil || !strings.Contains(text, "Nothing is sent") {
		t.Errorf("an empty mail: %q, %v", text, err)
	}
	if text, err := run(sendmail, "a", "b", "s", "1", "text/plain", "x", "/nowhere"); err == nil || !strings.Contains(text, "The file /nowhere cannot be read") {
		t.Errorf("a missing file: %q, %v", text, err)
	}
	if text, err := run("None", "a", "b", "s", "1", "text/plain", "x"); err == nil && !strings.Contains(text, "b") {
		t.Errorf("no sendmail: %q, %v", text, err)
	}
}
