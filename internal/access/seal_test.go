package access_test

import (
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
)

func TestWhatIsSealedIsOpenedByItsServersOnly(t *testing.T) {
	signer := func() *access.Signer {
		s, err := access.NewSigner(access.NewSigningKey())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	ours, others := signer(), signer()
	now := time.Now()
	text, err := ours.Seal("door", now.Add(time.Minute), map[string]string{"a": "b"})
	if err != nil {
		t.Fatal(err)
	}
	open := func(s *access.Signer, purpose, text string, at time.Time) bool {
		v, ok := access.Open[map[string]string](s, purpose, text, at)
		if ok != (v["a"] == "b") {
			t.Errorf("opened %v, which is %v", ok, v)
		}
		return ok
	}
	for name, tt := range map[string]struct {
		got, want bool
	}{
		"in time":         {open(ours, "door", text, now), true},
		"too late":        {open(ours, "door", text, now.Add(time.Minute)), false},
		"another key":     {open(others, "door", text, now), false},
		"another purpose": {open(ours, "window", text, now), false},
		"changed":         {open(ours, "door", text[:20]+map[bool]string{true: "y", false: "x"}[text[20] == 'x']+text[21:], now), false},
		"cut":             {open(ours, "door", text[:20], now), false},
		"short":           {open(ours, "door", "x", now), false},
		"nothing":         {open(ours, "door", "", now), false},
		"no base64":       {open(ours, "door", "?", now), false},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %v", name, tt.got)
		}
	}
}
