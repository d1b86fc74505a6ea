package cmdline_test

import (
	"fmt"
	"os/exec"
	"testing"

	"pgregory.net/rapid"

	"github.com/nightshift-run/nightshift/internal/cmdline"
	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func TestConformanceShell(t *testing.T) {
	conformance.Run(t, "st2_shell", "testdata/known_st2_shell.txt", func(c conformance.Case) error {
		args, err := c.Dict("args")
		if err != nil {
			return err
		}
		if c.Has("set") {
			set, err := c.Dict("set")
			if err != nil {
				return err
			}
			args.Update(set)
		}
		line := lineOf(args)
		line.Self = c.Text("logged_in_user")
		got, err := ask(c, &line)
		if err != nil {
			return err
		}
		return c.CompareResult(got)
	})
}

// ask asks a line the question of a case.
func ask(c conformance.Case, line *cmdline.Line) (value.Value, error) {
	remote := false
	switch class := c.Text("class"); class {
	case "ShellCommandAction", "ShellScriptAction":
	case "ParamikoRemoteCommandAction", "ParamikoRemoteScriptAction":
		remote = true
	default:
		return nil, fmt.Errorf("unknown class %q", class)
	}
	switch c.Kind {
	case "get_full_command_string":
		if remote {
			return line.Remote(), nil
		}
		return line.Local(), nil
	case "get_sanitized_full_command_string":
		if remote {
			return line.RemoteMasked(), nil
		}
		return line.LocalMasked(), nil
	case "get_script_arguments":
		args, err := c.Dict("call_args")
		if err != nil {
			return nil, err
		}
		called := lineOf(args)
		return called.Arguments(), nil
	default:
		return nil, fmt.Errorf("unknown kind %q", c.Kind)
	}
}

// lineOf reads the arguments of a command object.
func lineOf(args *value.Dict) cmdline.Line {
	text := func(key string) string {
		v, _ := args.Get(key)
		s, _ := v.(string)
		return s
	}
	get := func(key string) value.Value { v, _ := args.Get(key); return v }
	line := cmdline.Line{
		Command: text("command"), Script: text("script_local_path_abs"),
		User: text("user"), Sudo: value.Truth(get("sudo")), SudoPassword: text("sudo_password"), Dir: text("cwd"),
	}
	if remote := text("remote_script"); remote != "" {
		line.Script = remote
	}
	if named, ok := get("named_args").(*value.Dict); ok {
		line.Named = named
	}
	switch positional := get("positional_args").(type) {
	case *value.List:
		for _, arg := range positional.Items {
			line.Positional = append(line.Positional, value.Str(arg))
		}
	case string: // a text is its characters, as anything that Python iterates over
		for _, c := range positional {
			line.Positional = append(line.Positional, string(c))
		}
	}
	if env, ok := get("env_vars").(*value.Dict); ok && env.Len() > 0 {
		line.Env = map[string]string{}
		for k, v := range env.Texts() {
			line.Env[k] = value.Str(v)
		}
	}
	return line
}

func TestLines(t *testing.T) {
	named := dict("key1", "value 1", "f", 1.0, "l", value.NewList("a", nil), "yes", true, "no", false, "none", nil, "empty", "")
	tests := map[string]struct {
		line         cmdline.Line
		local, log   string
		remote       string
		remoteMasked string
	}{
		"command": {
			line:  cmdline.Line{Command: "ls -la", Dir: "~/x y"},
			local: "ls -la", log: "ls -la",
			remote: "cd ~/x y && ls -la", remoteMasked: "cd ~/x y && ls -la",
		},
		"script": {
			line:         cmdline.Line{Script: "/tmp/a b.sh", Dir: "/tmp/c d", Named: named, Positional: []string{"ein", "zwei drei", ""}},
			local:        "'/tmp/a b.sh' key1='value 1' f=1.0 l='['\"'\"'a'\"'\"', None]' yes ein 'zwei drei' ''",
			log:          "'/tmp/a b.sh' key1='value 1' f=1.0 l='['\"'\"'a'\"'\"', None]' yes ein 'zwei drei' ''",
			remote:       "cd '/tmp/c d' && '/tmp/a b.sh' key1='value 1' f=1.0 l='['\"'\"'a'\"'\"', None]' yes ein 'zwei drei' ''",
			remoteMasked: "cd '/tmp/c d' && '/tmp/a b.sh' key1='value 1' f=1.0 l='['\"'\"'a'\"'\"', None]' yes ein 'zwei drei' ''",
		},
		"own user": {
			line:  cmdline.Line{Command: "id", Self: "me", User: "me", Dir: "/"},
			local: "id", log: "id", remote: "cd / && id", remoteMasked: "cd / && id",
		},
		"user": {
			line:  cmdline.Line{Command: "id", Self: "me", User: "stan ley", Dir: "/"},
			local: "sudo -E -H -u 'stan ley' -- bash -c id", log: "sudo -E -H -u 'stan ley' -- bash -c id",
			remote: "cd / && id", remoteMasked: "cd / && id",
		},
		"password": {
			line:         cmdline.Line{Command: "id", Sudo: true, SudoPassword: "a'b", Dir: "/", Env: map[string]string{"B": "x y", "A": ""}},
			local:        "sudo -S -E -- bash -c id",
			log:          "echo -e '********\n' | sudo -S -E -- bash -c id",
			remote:       "set +o history ; echo -e 'a'\"'\"'b\n' | sudo -S -E -- bash -c 'export A='\"'\"''\"'\"' B='\"'\"'x y'\"'\"' HISTFILE=/dev/null HISTSIZE=0 && cd / && id'",
			remoteMasked: "set +o history ; echo -e '********\n' | sudo -S -E -- bash -c 'export A='\"'\"''\"'\"' B='\"'\"'x y'\"'\"' HISTFILE=/dev/null HISTSIZE=0 && cd / && id'",
		},
		"through": {
			line:  cmdline.Line{Script: "/s.py", Through: []string{"/usr/bin/env", "python3 -u"}, Named: dict("a", int64(1)), Dir: "/"},
			local: "/usr/bin/env 'python3 -u' /s.py a=1", log: "/usr/bin/env 'python3 -u' /s.py a=1",
			remote: "cd / && /usr/bin/env 'python3 -u' /s.py a=1", remoteMasked: "cd / && /usr/bin/env 'python3 -u' /s.py a=1",
		},
		"names": {
			line:  cmdline.Line{Script: "/s", Named: dict("ｆｏｏ", "ｂａｒ"), Dir: "/"},
			local: "/s 'ｆｏｏ'='ｂａｒ'", log: "/s 'ｆｏｏ'='ｂａｒ'",
			remote: "cd / && /s 'ｆｏｏ'='ｂａｒ'", remoteMasked: "cd / && /s 'ｆｏｏ'='ｂａｒ'",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, x := range [][2]string{
				{tt.line.Local(), tt.local},
				{tt.line.LocalMasked(), tt.log},
				{tt.line.Remote(), tt.remote},
				{tt.line.RemoteMasked(), tt.remoteMasked},
			} {
				if x[0] != x[1] {
					t.Errorf("got  %s\nwant %s", x[0], x[1])
				}
			}
		})
	}
}

func TestAShellReadsWhatWasQuoted(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab '\"$`\\\n\t*?[]{}();&|<>#!~=%éž🐎-")), 0, 20, -1).Draw(r, "text")
		c := exec.CommandContext(t.Context(), sh, "-c", "printf %s "+cmdline.Quote(text)+"x")
		got, err := c.Output()
		if err != nil || string(got) != text+"x" {
			r.Fatalf("got %q, want %q (%v)", got, text, err)
		}
	})
}

func TestPositionalArguments(t *testing.T) {
	tests := []struct {
		kind  string
		given value.Value
		want  string
	}{
		{"string", "a b", "a b"},
		{"string", nil, ""},
		{"string", int64(5), "5"},
		{"number", 2.55, "2.55"},
		{"number", 0.0, "0.0"},
		{"boolean", true, "1"},
		{"boolean", false, "0"},
		{"boolean", nil, ""},
		{"array", value.NewList("a", int64(1), nil, true), "a,1,None,True"},
		{"array", value.NewList(), ""},
		{"array", nil, ""},
		{"object", dict("foo", "bar", "n", value.NewList(1.0)), `{"foo":"bar","n":[1.0]}`},
		{"object", dict(), ""},
		{"object", nil, ""},
		{"null", "x", ""},
		{"integer", int64(1), "1"},
		{"integer", int64(0), ""}, // packs know that it is
		{"integer", nil, ""},
		{"", value.NewList("a"), "['a']"},
	}
	for _, tt := range tests {
		t.Run(tt.kind+" "+value.Repr(tt.given), func(t *testing.T) {
			schema := dict("p", dict("type", tt.kind, "position", int64(0)))
			positional, named, err := cmdline.Arguments(dict("p", tt.given, "q", tt.given), schema, "--")
			if err != nil || len(positional) != 1 || positional[0] != tt.want {
				t.Errorf("got %q, want %q (%v)", positional, tt.want, err)
			}
			if v, ok := named.Get("--q"); !ok || !value.Equal(v, tt.given) || named.Len() != 1 {
				t.Errorf("named are %s", value.Repr(named))
			}
		})
	}
	if _, _, err := cmdline.Arguments(dict("p", dict()), dict("p", dict("type", "string", "position", int64(0))), ""); err == nil {
		t.Error("a dict is taken for a string")
	}
	positional, _, err := cmdline.Arguments(dict(), dict("c", dict("position", int64(10)), "a", dict("position", int64(2)), "b", dict("position", 9.0)), "")
	if err != nil || len(positional) != 3 {
		t.Errorf("a parameter that is not given leaves its place: %q, %v", positional, err)
	}
}

func dict(pairs ...value.Value) *value.Dict {
	d := value.NewDict()
	for i := 0; i < len(pairs); i += 2 {
		d.Set(pairs[i].(string), pairs[i+1])
	}
	return d
}
