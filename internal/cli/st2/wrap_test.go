package st2

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The lines are those of Python's textwrap, which breaks the tables of StackStorm's client.
func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text  string
		width int
		want  []string
	}{
		{"one two three", 7, []string{"one two", "three"}},
		{"well-known words", 6, []string{"well-", "known", "words"}},
		{"nss1.1.a_b-_c-dE_f-gh", 8, []string{"nss1.1.a", "_b-_c-", "dE_f-gh"}},
		{"ab--cd, ef", 4, []string{"ab--", "cd,", "ef"}},
		{"abcd", 2, []string{"ab", "cd"}},
		{"a-b-cd-ef-gh", 5, []string{"a-b-", "cd-", "ef-gh"}},
		{"full! word12345", 5, []string{"full!", "word1", "2345"}},
		{"ab-- cd", 3, []string{"ab-", "-", "cd"}},
		{"", 5, nil},
	} {
		if d := cmp.Diff(tt.want, wrap(tt.text, tt.width)); d != "" {
			t.Errorf("%q at %d (-want +got)\n%s", tt.text, tt.width, d)
		}
	}
}
