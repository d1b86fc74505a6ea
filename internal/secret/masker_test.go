package secret_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nightshift-run/nightshift/internal/secret"
)

func TestMaskedAreTextsHoweverTheyAreWritten(t *testing.T) {
	m := secret.NewMasker([]string{"hunter2", "hunter2-long", "a\"quote\\", "line one\nline two", "1234567", "pin"})
	for in, want := range map[string]string{
		"":                             "",
		"no secret":                    "no secret",
		"hunter2-long hunter2":         "******** ********",
		"xhunter2x":                    "x********x",
		`a"quote\ and a\"quote\\`:      "******** and ********",
		"line two, and then line one ": "********, and then ******** ",
		"pins are too short":           "pins are too short",
	} {
		if got := m.Text(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		``:                                ``,
		`{"a":1}`:                         `{"a":1}`,
		`{"a":["x hunter2"],"hunter2":1}`: `{"a": ["x ********"], "********": 1}`,
		`{"n":1234567,"m":12345678}`:      `{"n": "********", "m": 12345678}`,
		`{"k":"line one\nline two"}`:      `{"k": "********"}`,
		`hunter2 is no JSON`:              `"********"`,
	} {
		if got := string(m.JSON([]byte(in))); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	var none *secret.Masker
	if none.Text("x") != "x" || string(none.JSON([]byte("x"))) != "x" || secret.NewMasker([]string{"1", ""}) != nil {
		t.Error("nothing to mask is masked")
	}
}

// TestASecretIsMaskedHoweverItIsCut holds that pieces do not matter.
func TestASecretIsMaskedHoweverItIsCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := secret.NewMasker([]string{"abcabd", "hunter2", "aaaaab"})
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"abcabd", "hunter2", "aaaaab", "a", "abc", "hunt", " ", "\n"})).Draw(t, "words"), "")
		s := m.NewStream()
		var got strings.Builder
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "cut")
			got.WriteString(s.Next(rest[:n]))
			rest = rest[n:]
		}
		got.WriteString(s.End())
		for _, word := range []string{"abcabd", "hunter2", "aaaaab"} {
			if strings.Contains(got.String(), word) {
				t.Errorf("%q shows %s: %q", text, word, got.String())
			}
		}
	})
}

func TestWhoListensHearsOfSecrets(t *testing.T) {
	secret.Tell(t.Context(), "nobody listens")
	ctx, outer := secret.Listen(t.Context())
	inside, inner := secret.Listen(ctx)
	secret.Tell(inside, "hunter2", "hunter2", "x")
	secret.Tell(ctx, "other one")
	if got := strings.Join(inner.Texts(), "|"); got != "hunter2" {
		t.Errorf("inside: %s", got)
	}
	if got := strings.Join(outer.Texts(), "|"); got != "hunter2|other one" {
		t.Errorf("outside: %s", got)
	}
}
