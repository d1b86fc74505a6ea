package runner_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

func TestTextReplacesAsPythonDoes(t *testing.T) {
	// The wanted texts are what Python's bytes.decode("utf-8", "replace") returns.
	tests := map[string]string{
		"plain":                    "plain",
		"žluťoučký 🐎":              "žluťoučký 🐎",
		"\xff\xfe":                 "\ufffd\ufffd",
		"a\xe2\x82":                "a\ufffd",
		"\xe2\x28\xa1":             "\ufffd(\ufffd",
		"\xed\xa0\x80":             "\ufffd\ufffd\ufffd",
		"\xf0\x9f\x98":             "\ufffd",
		"\xf0\x9f\x98x":            "\ufffdx",
		"\xf4\x90\x80\x80":         "\ufffd\ufffd\ufffd\ufffd",
		"\xc0\xaf":                 "\ufffd\ufffd",
		"\xe0\x80\x80":             "\ufffd\ufffd\ufffd",
		"\xe2\x82\xe2\x82\xac":     "\ufffd€",
		"\xf0\x9f\xf0\x9f\x90\x8e": "\ufffd🐎",
	}
	for in, want := range tests {
		t.Run(fmt.Sprintf("%q", in), func(t *testing.T) {
			if got := runner.Text([]byte(in)); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// recorder collects what is printed.
type recorder struct{ strings.Builder }

func (r *recorder) Print(_ runner.Stream, data string) {
	if !utf8.ValidString(data) {
		panic("not UTF-8")
	}
	r.WriteString(data)
}

func TestOutputIsTheSameHoweverItIsCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOf(rapid.SampledFrom([]string{
			"a", "é", "€", "🐎", "\xff", "\xe2", "\x82", "\xac", "\xf0\x9f", "\x90", "\xed\xa0", "\xe0\x80", "\n",
		})).Draw(t, "pieces")
		all := strings.Join(pieces, "")
		var out recorder
		c := runner.NewCapture(&out, runner.Stdout, 0)
		for rest := []byte(all); len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			c.Add(rest[:n])
			rest = rest[n:]
		}
		c.End()
		want := runner.Text([]byte(all))
		if out.String() != want || c.Text() != want {
			t.Fatalf("handed over %q and kept %q, want %q", out.String(), c.Text(), want)
		}
	})
}

func TestCaptureKeepsBeginningAndEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 50).Draw(t, "limit")
		size := rapid.IntRange(0, 200).Draw(t, "size")
		all := make([]byte, size)
		for i := range all {
			all[i] = byte('a' + i%26)
		}
		c := runner.NewCapture(runner.Discard{}, runner.Stdout, limit)
		for rest := all; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			c.Add(rest[:n])
			rest = rest[n:]
		}
		want := string(all)
		if size > limit {
			half := limit / 2
			want = fmt.Sprintf("%s\n[... %d bytes are left out here ...]\n%s", all[:limit-half], size-limit, all[size-half:])
		}
		if got := c.Text(); got != want || c.Dropped() != int64(max(0, size-limit)) {
			t.Fatalf("dropped %d, -want +got:\n%s", c.Dropped(), cmp.Diff(want, got))
		}
	})
}

func TestDecodedReadsJSONAndNothingElse(t *testing.T) {
	dict := func(k string, v value.Value) *value.Dict { d := value.NewDict(); d.Set(k, v); return d }
	tests := map[string]value.Value{
		"":                 "",
		"  ":               "  ",
		"7":                int64(7),
		" 7 \n":            int64(7),
		"-1.5":             -1.5,
		"true":             true,
		"null":             nil,
		`"x"`:              "x",
		`{"a": [1]}`:       dict("a", value.NewList(int64(1))),
		"True":             "True",
		"007":              "007",
		"NaN":              "NaN",
		"[NaN]":            "[NaN]",
		`{"a": -Infinity}`: `{"a": -Infinity}`,
		"{'a': 1}":         "{'a': 1}",
		"1 2":              "1 2",
		"nothing":          "nothing",
		"text":             "text",
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			if got := runner.Decoded(text); !value.Equal(got, want) || value.TypeName(got) != value.TypeName(want) {
				t.Errorf("got %s, want %s", value.Repr(got), value.Repr(want))
			}
		})
	}
}

func TestDecodedKeepsALotOfText(t *testing.T) {
	text := "[" + strings.Repeat("[", 100_000)
	if got := runner.Decoded(text); got != text {
		t.Errorf("got a %s", value.TypeName(got))
	}
}

func TestStoppedSaysWhy(t *testing.T) {
	tests := map[string]struct {
		cause  error
		limit  value.Value
		status execution.Status
		want   string
	}{
		"time":     {runner.ErrTimeout, int64(60), execution.Timeout, "{'error': 'Action failed to complete in 60 seconds'}"},
		"fraction": {runner.ErrTimeout, 0.5, execution.Timeout, "{'error': 'Action failed to complete in 0.5 seconds'}"},
		"person":   {runner.CanceledBy("ann"), nil, execution.Canceled, "{'message': 'Action canceled by user.', 'user': 'ann'}"},
		"wrapped":  {fmt.Errorf("x: %w", runner.CanceledBy("")), nil, execution.Canceled, "{'message': 'Action canceled by user.'}"},
		"server":   {context.Canceled, nil, execution.Abandoned, "{'error': 'The server stopped while the action ran.'}"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := value.NewDict()
			runner.Stopped(d, tt.cause, tt.limit)
			if got := value.Repr(d); got != tt.want || runner.Status(tt.cause) != tt.status {
				t.Errorf("got %s and %s, want %s and %s", runner.Status(tt.cause), got, tt.status, tt.want)
			}
		})
	}
}

func TestWithTimeoutEndsWithACause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, seconds := range []value.Value{int64(60), 60.0} {
			ctx, cancel, err := runner.WithTimeout(t.Context(), seconds)
			if err != nil {
				t.Fatal(err)
			}
			defer cancel()
			began := time.Now()
			<-ctx.Done()
			if got := time.Since(began); got != time.Minute || !errors.Is(context.Cause(ctx), runner.ErrTimeout) {
				t.Errorf("%v: ended after %v because of %v", seconds, got, context.Cause(ctx))
			}
		}
	})
	ctx, cancel, err := runner.WithTimeout(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	if _, limited := ctx.Deadline(); limited {
		t.Error("None is a limit")
	}
	if ctx, cancel, err = runner.WithTimeout(t.Context(), 1e300); err != nil || ctx.Err() != nil {
		t.Errorf("a very long time is over at once: %v", err)
	}
	cancel()
	if _, _, err := runner.WithTimeout(t.Context(), "soon"); err == nil {
		t.Error("a text is taken for a number")
	}
}

func TestTypesAreThoseOfStackStormAndOurs(t *testing.T) {
	types := runner.Types(map[string]runner.Runner{"noop": nothing{}}, nil)
	var names []string
	for _, rt := range types {
		names = append(names, rt.Name)
		if rt.UID != "runner_type:"+rt.Name || !rt.Enabled || rt.Description == "" || rt.Package == "" || rt.Module == "" || rt.Parameters == nil {
			t.Errorf("incomplete: %+v", rt)
		}
		if (rt.Missing == "") != (rt.Name == "noop") {
			t.Errorf("%s is missing: %q", rt.Name, rt.Missing)
		}
		for name, schema := range rt.Parameters.Texts() {
			s, ok := schema.(*value.Dict)
			if !ok || !s.Has("type") || !s.Has("description") {
				t.Errorf("%s.%s has no schema: %s", rt.Name, name, value.Repr(schema))
			}
		}
	}
	want := strings.Fields(`local-shell-cmd local-shell-script remote-shell-cmd remote-shell-script winrm-cmd winrm-ps-cmd
		winrm-ps-script python-script http-request action-chain orquesta inquirer announcement noop nightshift-native`)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	types[0].Parameters.Delete("cwd")
	if !types[1].Parameters.Has("cwd") || !runner.Types(nil, nil)[0].Parameters.Has("cwd") {
		t.Error("types share what they hold")
	}
}

type nothing struct{}

func (nothing) Run(context.Context, runner.Task, runner.Output) runner.Outcome {
	return runner.Outcome{Status: execution.Succeeded}
}

func TestCanonicalKnowsAliases(t *testing.T) {
	types := runner.Types(nil, nil)
	tests := map[string]string{
		"noop": "noop", "local_shell_cmd": "local-shell-cmd", "orchestra": "orquesta", "http-request": "http-request",
		"mistral-v2": "", "": "",
	}
	for name, want := range tests {
		if got, ok := runner.Canonical(name, types); got != want || ok != (want != "") {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func BenchmarkCapture(b *testing.B) {
	piece := bytes.Repeat([]byte{'x'}, 32<<10)
	for i := range piece {
		piece[i] = byte(rand.IntN(128))
	}
	b.SetBytes(int64(len(piece)))
	c := runner.NewCapture(runner.Discard{}, runner.Stdout, 0)
	for b.Loop() {
		c.Add(piece)
	}
}
