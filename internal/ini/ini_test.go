package ini

import "testing"

func TestWritingKeepsWhatItDoesNotKnow(t *testing.T) {
	f := Parse("; top\n[a]\nx: 1\nx = 2\r\n\n[b]\n  y=3\nlonely\n")
	for at, want := range map[[2]string]string{{"a", "x"}: "2", {"b", "y"}: "3", {"a", "y"}: "", {"c", "x"}: ""} {
		if got := f.Get(at[0], at[1]); got != want {
			t.Errorf("%v: got %q, want %q", at, got, want)
		}
	}
	f.Set("a", "x", "4")
	f.Set("a", "z", "5")
	f.Set("c", "n", "6")
	f.Remove("b", "y")
	want := "; top\n[a]\nx = 4\nz = 5\n\n[b]\nlonely\n\n[c]\nn = 6\n"
	if got := f.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
