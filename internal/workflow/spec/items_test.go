package spec

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/nightshift-run/nightshift/internal/expr/pyre"
)

func TestOurFormOfItemsIsThatOfTheReference(t *testing.T) {
	re, err := pyre.Cached(theirItems, 0)
	if err != nil {
		t.Fatal(err)
	}
	piece := rapid.SampledFrom([]string{"x", "é", "in", " ", " in ", ",", ", ", "\n", "\t", "\u00a0", "<%", "%>", "{{", "}}", "<% a %>", "{{ b }}", "-", "_1"})
	rapid.Check(t, func(t *rapid.T) {
		var text string
		for range rapid.IntRange(0, 8).Draw(t, "n") {
			text += piece.Draw(t, "piece")
		}
		m, err := re.Search(text)
		if err != nil {
			t.Skip(err)
		}
		if got, want := itemsForm().MatchString(text), m != nil; got != want {
			t.Fatalf("%q: got %v, want %v", text, got, want)
		}
	})
}
