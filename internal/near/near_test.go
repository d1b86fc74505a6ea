package near_test

import (
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/near"
)

func TestName(t *testing.T) {
	known := []string{"description", "runner_type", "entry_point", "name", "enabled", "lane", "x"}
	for wrong, want := range map[string]string{
		"descriptio": "description", "runner-type": "runner_type", "entrypoint": "entry_point", "enable": "enabled",
		"naem":                  "name", // letters swapped
		"xx":                    "x",
		"NAME":                  "name",
		"nane":                  "lane", // as near as name, and before it
		"parameters":            "",
		"y":                     "", // not a letter is the same
		"":                      "",
		strings.Repeat("x", 65): "",
	} {
		if got := near.Name(wrong, known); got != want {
			t.Errorf("Name(%q) = %q, want %q", wrong, got, want)
		}
	}
}
