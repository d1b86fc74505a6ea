package pyre

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// show writes a match as Python's m.group(), m.groups() and m.span(): groups
// that took no part are "-".
func show(m *Match) []string {
	if m == nil {
		return nil
	}
	out := []string{m.Text()}
	for _, p := range m.Groups() {
		if p.Missing {
			out = append(out, "-")
			continue
		}
		out = append(out, p.Text)
	}
	return out
}

func TestSearchFindsWhatPythonFinds(t *testing.T) {
	tests := map[string]struct {
		pattern string
		flags   Flags
		text    string
		want    []string
	}{
		"literal":                  {`needle`, 0, "hay needle", []string{"needle"}},
		"named group":              {`(?P<host>\w+)\.(?P<domain>\w+)`, 0, "on web1.example!", []string{"web1.example", "web1", "example"}},
		"named backreference":      {`(?P<q>['"]).*?(?P=q)`, 0, `say "it's"`, []string{`"it's"`, `"`}},
		"missing group":            {`(a)|(b)`, 0, "b", []string{"b", "-", "b"}},
		"no lower bound":           {`^x{,2}$`, 0, "xx", []string{"xx"}},
		"brace that is no bound":   {`a{x}`, 0, "a{x}", []string{"a{x}"}},
		"empty braces":             {`a{}`, 0, "a{}", []string{"a{}"}},
		"possessive":               {`a++a`, 0, "aaa", nil},
		"atomic":                   {`(?>a|ab)c`, 0, "abc", nil},
		"lazy":                     {`<.+?>`, 0, "<a><b>", []string{"<a>"}},
		"lookahead":                {`\w+(?=;)`, 0, "a b;", []string{"b"}},
		"negative lookahead":       {`\b(?!web)\w+`, 0, "web db", []string{"db"}},
		"lookbehind":               {`(?<=id=)\d+`, 0, "x1 id=42", []string{"42"}},
		"negative lookbehind":      {`(?<!-)\b\d+`, 0, "-1 23", []string{"23"}},
		"condition":                {`(<)?\w+(?(1)>|$)`, 0, "<a", []string{"a", "-"}},
		"end before line feed":     {`end$`, 0, "the end\n", []string{"end"}},
		"very end":                 {`end\Z`, 0, "the end\n", nil},
		"multi-line":               {`^b$`, MultiLine, "a\nb\nc", []string{"b"}},
		"dot and line feed":        {`a.b`, 0, "a\nb", nil},
		"dot matches all":          {`a.b`, DotAll, "a\nb", []string{"a\nb"}},
		"inline flags":             {`(?is)A.B`, 0, "a\nb", []string{"a\nb"}},
		"flags of a group":         {`(?i:A)b`, 0, "ab aB", []string{"ab"}},
		"flags off":                {`a(?-i:b)`, IgnoreCase, "AB Ab", []string{"Ab"}},
		"verbose":                  {"a  # first\n [ ] b", Verbose, "a b", []string{"a b"}},
		"ignore case beyond ASCII": {`straße\d`, IgnoreCase, "STRAßE1", []string{"STRAßE1"}},
		"kelvin":                   {`k`, IgnoreCase, "\u212a", []string{"\u212a"}},
		"kelvin is not ASCII":      {`k`, IgnoreCase | ASCII, "\u212a", nil},
		"digits of all scripts":    {`^\d+$`, 0, "٣4", []string{"٣4"}},
		"digits of ASCII":          {`^\d+$`, ASCII, "٣4", nil},
		"words have no marks":      {`\w+`, 0, "e\u0301", []string{"e"}},
		"separators are space":     {`a\sb`, 0, "a\x1fb", []string{"a\x1fb"}},
		"not a word, or underline": {`[\W_]+`, 0, "a-_é", []string{"-_"}},
		"hyphen at the end":        {`[a-]+`, 0, "b-a", []string{"-a"}},
		"bracket at the start":     {`[]a]+`, 0, "a]", []string{"a]"}},
		"octal":                    {`\101\x42\u0043`, 0, "ABC", []string{"ABC"}},
		"backspace in a set":       {`[\b]`, 0, "a\bc", []string{"\b"}},
		"last round counts":        {`(a|b)*c`, 0, "abc", []string{"abc", "b"}},
		"empty rounds end":         {`(a?)*b`, 0, "aab", []string{"aab", ""}},
		"counted group":            {`(?:ab){2,3}`, 0, "abababab", []string{"ababab"}},
		"comment":                  {`a(?#really)b`, 0, "ab", []string{"ab"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			re, err := Compile(tt.pattern, tt.flags)
			if err != nil {
				t.Fatal(err)
			}
			m, err := re.Search(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, show(m)); diff != "" {
				t.Errorf("search(%q, %q) (-want +got):\n%s", tt.pattern, tt.text, diff)
			}
		})
	}
}

func TestMatchIsAnchoredAndFullMatchIsWhole(t *testing.T) {
	re := mustCompile(t, `a|ab`)
	for text, want := range map[string][3]bool{ // match, full match, search
		"ab":  {true, true, true},
		"abc": {true, false, true},
		"ba":  {false, false, true},
		"":    {false, false, false},
	} {
		match, err1 := re.Match(text)
		full, err2 := re.FullMatch(text)
		search, err3 := re.Search(text)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		if got := [3]bool{match != nil, full != nil, search != nil}; got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestMistakesSayWhere(t *testing.T) {
	tests := map[string]string{
		`(a`:            "missing ), unterminated subpattern at position 0",
		`a)`:            "unbalanced parenthesis at position 1",
		`*a`:            "nothing to repeat at position 0",
		`a**`:           "multiple repeat at position 2",
		`[a`:            "unterminated character set at position 0",
		`[z-a]`:         "bad character range z-a at position 1",
		`\q`:            `bad escape \q at position 0`,
		`é\`:            "the pattern ends with a backslash at position 1",
		`(a)\2`:         "there is no group 2 at position 4",
		`(?P<1>a)`:      `"1" cannot be a group name at position 4`,
		`(?P<n>)(?P=m)`: `there is no group "m" at position 11`,
		`(?<=a*)b`:      "a lookbehind needs a pattern of fixed width at position 0",
		`a(?i)b`:        "flags for the whole pattern must stand at its start at position 1",
		`a{3,2}`:        "the greatest number of repeats is below the least at position 1",
		"a\n(":          "missing ), unterminated subpattern at position 2 (line 2, column 1)",
		`(?y)`:          "unknown extension ?y at position 2",
		`\x1`:           `incomplete escape \x1 at position 0`,
	}
	for pattern, want := range tests {
		t.Run(pattern, func(t *testing.T) {
			_, err := Compile(pattern, 0)
			if e := (*Error)(nil); !errors.As(err, &e) || e.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func TestRunawayPatternsAreStopped(t *testing.T) {
	text := strings.Repeat("a", 60) + "!"
	for _, pattern := range []string{`(a+)+$`, `(a|aa)+$`, `(.*)*x$`, `(?:a?){60}a{60}b`, `(?=(a+)+$)`} {
		_, err := mustCompile(t, pattern).Limit(100_000).Search(text)
		if !errors.Is(err, ErrTimeout) {
			t.Errorf("%s: got %v, want %v", pattern, err, ErrTimeout)
		}
	}
}

func TestLongTextsDoNotNeedALongStack(t *testing.T) {
	text := strings.Repeat("ab", 200_000)
	m, err := mustCompile(t, `(?:a|b)*`).FullMatch(text)
	if err != nil || m == nil {
		t.Errorf("got %v, %v; want a match", m != nil, err)
	}
}

func TestSubFillsTheTemplate(t *testing.T) {
	tests := map[string]struct {
		pattern, template, text, want string
		count                         int
	}{
		"numbers":                       {`(\w+) (\w+)`, `\2 \1`, "a b c d", "b a d c", 0},
		"names":                         {`(?P<x>\d)`, `<\g<x>>`, "a1b2", "a<1>b<2>", 0},
		"whole match":                   {`\d`, `[\g<0>]`, "1", "[1]", 0},
		"number then digit":             {`(a)`, `\g<1>0`, "a", "a0", 0},
		"count":                         {`a`, `b`, "aaa", "bba", 2},
		"escapes":                       {`a`, `\n\t\\`, "a", "\n\t\\", 0},
		"other escapes stay":            {`a`, `\.\-`, "a", `\.\-`, 0},
		"octal":                         {`a`, `\0\101`, "a", "\x00A", 0},
		"group that took no part":       {`(a)|b`, `<\1>`, "ab", "<a><>", 0},
		"empty match after a match":     {`x*`, `-`, "abxd", "-a-b--d-", 0},
		"empty and not at one place":    {`\b|\w+`, `<\g<0>>`, "ab", "<><ab><>", 0},
		"nothing to do":                 {`z`, `y`, "abc", "abc", 0},
		"code points are not cut apart": {``, `.`, "éa", ".é.a.", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, _, err := mustCompile(t, tt.pattern).Sub(tt.template, tt.text, tt.count)
			if err != nil || got != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestSubRefusesBadTemplates(t *testing.T) {
	re := mustCompile(t, `(?P<x>a)`)
	for template, want := range map[string]string{
		`\2`:      "there is no group 2 at position 1",
		`\g<y>`:   `there is no group "y" at position 0`,
		`\g<x`:    "missing >, unterminated name at position 3",
		`a\`:      "the replacement ends with a backslash at position 1",
		`\q`:      `bad escape \q at position 0`,
		`\g<1 >`:  `"1 " cannot be a group name at position 3`,
		`\g<999>`: "there is no group 999 at position 3",
	} {
		if _, _, err := re.Sub(template, "a", 0); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", template, err, want)
		}
	}
}

func TestFindAllReturnsGroupsIfThereAreAny(t *testing.T) {
	for pattern, want := range map[string][][]string{
		`\d\w`:     {{"1a"}, {"2b"}},
		`\d(\w)`:   {{"a"}, {"b"}},
		`(\d)(c)?`: {{"1", ""}, {"2", ""}},
	} {
		got, err := mustCompile(t, pattern).FindAll("1a 2b")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", pattern, diff)
		}
	}
}

func TestSplitKeepsGroups(t *testing.T) {
	got, err := mustCompile(t, `,(x)?`).Split("a,b,xc,d", 2)
	if err != nil {
		t.Fatal(err)
	}
	want := []Part{{Text: "a"}, {Missing: true}, {Text: "b"}, {Text: "x"}, {Text: "c,d"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSpansCountCodePoints(t *testing.T) {
	m, err := mustCompile(t, `(?P<n>b+)(c)?`).Search("éébb")
	if err != nil {
		t.Fatal(err)
	}
	start, end := m.Span(1)
	none, _ := m.Span(2)
	if start != 2 || end != 4 || m.Start(0) != 2 || m.End(0) != 4 || none != -1 {
		t.Errorf("got %d, %d, %d; want 2, 4, -1", start, end, none)
	}
	if diff := cmp.Diff(map[string]Part{"n": {Text: "bb"}}, m.GroupDict()); diff != "" {
		t.Errorf("group dict (-want +got):\n%s", diff)
	}
	if s, err := m.Expand(`<\g<n>>`); err != nil || s != "<bb>" {
		t.Errorf("expand: got %q, %v", s, err)
	}
}

func TestEscapeMatchesItself(t *testing.T) {
	text := "a.b*[c] (d)|e\\f{1}#\n$^"
	m, err := mustCompile(t, Escape(text)).FullMatch(text)
	if err != nil || m == nil {
		t.Errorf("%q does not match itself: %v", text, err)
	}
}

func TestCacheForgetsWhatIsNotAskedFor(t *testing.T) {
	c := NewCache(2)
	compile := func(p string) *Regexp {
		re, err := c.Compile(p, 0)
		if err != nil {
			t.Fatal(err)
		}
		return re
	}
	a := compile("a")
	if compile("a") != a {
		t.Error("the second Compile did not return the first one's pattern")
	}
	for _, p := range []string{"b", "c", "d", "e"} {
		compile(p)
	}
	if compile("a") == a {
		t.Error("a pattern outlived two generations of others")
	}
	if n := len(c.young) + len(c.elderly); n > 4 {
		t.Errorf("the cache holds %d patterns, want at most 4", n)
	}
}

func mustCompile(t testing.TB, pattern string) *Regexp {
	t.Helper()
	re, err := Compile(pattern, 0)
	if err != nil {
		t.Fatal(err)
	}
	return re
}

// FuzzRegexp holds the promise that no pattern and no text makes the engine
// panic or run on, and that what it finds lies where it says.
func FuzzRegexp(f *testing.F) {
	for _, s := range [][2]string{
		{`(?P<a>x|y)*?(?(a)z|w)+`, "xyz"},
		{`[\W_]{2,}+`, "a--é"},
		{`(?i:ſ)\1`, "s"},
		{`(a+)+$`, "aaaaaaaaaaaaaaaaaaaaaa!"},
		{`(?<=a{2})\b`, "aa"},
		{`(?x) a # b`, "a"},
		{`\U0001F600`, "😀"},
		{`((((a?)?)?)?){3}`, "aa"},
	} {
		f.Add(s[0], s[1], 0)
	}
	f.Fuzz(func(t *testing.T, pattern, text string, flags int) {
		re, err := Compile(pattern, Flags(flags&511))
		if err != nil {
			if e := (*Error)(nil); !errors.As(err, &e) || e.Pos < 0 || e.Pos > len([]rune(pattern)) {
				t.Fatalf("the error of %q says no place: %v", pattern, err)
			}
			return
		}
		re = re.Limit(20_000)
		last := 0
		all, err := re.FindIter(text)
		if err != nil && !errors.Is(err, ErrTimeout) {
			t.Fatal(err)
		}
		for _, m := range all {
			start, end := m.ByteSpan()
			if start < last || end < start || end > len(text) {
				t.Fatalf("%q on %q: match at %d to %d after %d", pattern, text, start, end, last)
			}
			last = end
		}
	})
}

func BenchmarkSearch(b *testing.B) {
	text := strings.Repeat("Nov 22 14:51:02 web17 sshd[4242]: session opened for user root\n", 20) + "web17: disk /var is 97% full\n"
	for name, pattern := range map[string]string{
		"literal": `disk /var`,
		"class":   `\w+: disk (?P<path>\S+) is (?P<used>\d+)% full`,
		"branch":  `(?:error|warning|disk) (\S+)`,
	} {
		b.Run(name, func(b *testing.B) {
			re := mustCompile(b, pattern)
			b.ReportAllocs()
			for b.Loop() {
				if m, err := re.Search(text); err != nil || m == nil {
					b.Fatal(err)
				}
			}
		})
	}
}
