package value_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func TestParseLiteralReadsWhatPythonPrints(t *testing.T) {
	for src, want := range map[string]string{
		`1`:                                    `1`,
		" \t 1  # one":                         `1`,
		"\n\n# c\n1\n\n":                       `1`,
		"1 \\\n":                               `1`,
		`-1`:                                   `-1`,
		`+ 1`:                                  `1`,
		`-(1)`:                                 `-1`,
		`0x_ff`:                                `255`,
		`0o17`:                                 `15`,
		`0B101`:                                `5`,
		`00`:                                   `0`,
		`1_000`:                                `1000`,
		`123456789012345678901234`:             `123456789012345678901234`,
		`1.`:                                   `1.0`,
		`.5`:                                   `0.5`,
		`-1e3`:                                 `-1000.0`,
		`1E-2`:                                 `0.01`,
		`1_0.5`:                                `10.5`,
		`2j`:                                   `2j`,
		`1+2j`:                                 `(1+2j)`,
		`-1.5 - 2J`:                            `(-1.5-2j)`,
		`(1+2j)`:                               `(1+2j)`,
		`None`:                                 `None`,
		`True`:                                 `True`,
		`False`:                                `False`,
		`()`:                                   `()`,
		`(1)`:                                  `1`,
		`(1,)`:                                 `(1,)`,
		"(1, # one\n2\n)":                      `(1, 2)`,
		`1, 2`:                                 `(1, 2)`,
		`1,`:                                   `(1,)`,
		`[]`:                                   `[]`,
		`[1, [2, (3,)], ]`:                     `[1, [2, (3,)]]`,
		`{}`:                                   `{}`,
		`{'a': 1, "b": {1: None}, }`:           `{'a': 1, 'b': {1: None}}`,
		`{1: 'a', True: 'b'}`:                  `{1: 'b'}`,
		`{1, 2, 1,}`:                           `{1, 2}`,
		`set()`:                                `set()`,
		`'it''s'`:                              `'its'`,
		`"a" 'b'` + ` """c"""`:                 `'abc'`,
		`'a\tb\x41\u00e9\U0001F600\101\'\"\\'`: `'a\tbAé😀A\'"\\'`,
		`'\q\8'`:                               `'\\q\\8'`,
		"'a\\\nb'":                             `'ab'`,
		"'''a\r\nb\n\"'c'''":                   `'a\nb\n"\'c'`,
		`r'\n\''`:                              `"\\n\\'"`,
		`R"a"u"b"`:                             `'ab'`,
		`b'\xff\u0041' B"a"`:                   `b'\xff\\u0041a'`,
		`Rb'\x'`:                               `b'\\x'`,
		`'é'`:                                  `'é'`,
		`{'u': u'x', 'k': b''}`:                `{'u': 'x', 'k': b''}`,
	} {
		got, err := value.ParseLiteral(src)
		if err != nil {
			t.Errorf("ParseLiteral(%q): %v", src, err)
			continue
		}
		if value.Repr(got) != want {
			t.Errorf("ParseLiteral(%q) = %s, want %s", src, value.Repr(got), want)
		}
	}
}

func TestParseLiteralRefusesAnythingElse(t *testing.T) {
	for _, src := range []string{
		`foo`, `[foo]`, `f'x'`, `'a' f"b"`, `1 + 1`, `1 + 2j + 3j`, `--1`, `-True`, `-'a'`, `'a' + 2j`,
		`True + 2j`, `not 1`, `1 if 2 else 3`, `[x for x in y]`, `{**a}`, `(*a,)`, `a.b`, `a[0]`, `__import__('os')`,
		`1 < 2`, `set([1])`, `lambda: 1`, `'\N{BULLET}'`, `[1](2)`, `1 - 2`, `NaN`, `true`, `null`,
		``, ` `, "\n", `\invalid`, `[`, `[1`, `]`, `[1 2]`, `[,]`, `{`, `{'a'`, `{'a':`, `{'a': 1`, `{'a': 1, 'b'}`,
		`{1: 2, 3}`, `{1, 2: 3}`, `(`, `'a`, `'a\`, "'a\nb'", `'''a'`, `'\x1'`, `'\u12'`, `'\U99999999'`, `b'é'`,
		`'a' b'b'`, `01`, `0x`, `0b2`, `1__0`, `1_`, `1e`, `1abc`, "1\n2", "\n 1", "a\x00", `1;`, `!`, `$`, `?`, `:`,
		strings.Repeat("[", 300) + strings.Repeat("]", 300), strings.Repeat("(", 100000),
	} {
		got, err := value.ParseLiteral(src)
		if err == nil {
			t.Errorf("ParseLiteral(%.40q) = %s, want an error", src, value.Repr(got))
		} else if !value.IsClass(err, value.ValueError, value.SyntaxError) {
			t.Errorf("ParseLiteral(%.40q): %v is of another class", src, err)
		}
	}
	for _, src := range []string{`{[]: 1}`, `{[]}`, `{{}: 1}`} {
		if _, err := value.ParseLiteral(src); !value.IsClass(err, value.TypeError) {
			t.Errorf("ParseLiteral(%q): %v, want a TypeError", src, err)
		}
	}
}

func TestParseLiteralSaysWhere(t *testing.T) {
	_, err := value.ParseLiteral(`['é', oops]`)
	if want := "malformed node or string at character 7 of the literal"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// FuzzParseLiteral holds that no text makes the reader panic or hang, and that
// what it read is read again from its repr.
func FuzzParseLiteral(f *testing.F) {
	for _, src := range []string{
		`[1, -2.5e3, 0x1f, 'a\n' "b", None, True]`, `{'a': (1,), b'\xff': {1, 2}, 3j: set()}`, `r'\'`, `"""x`, "(\n1 # c\n,)",
		`1+2j`, `{[]: 1}`, `'\u00e9\777'`, `1_000.0_1`,
	} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		v, err := value.ParseLiteral(strings.ToValidUTF8(src, "?"))
		if err != nil || !printable(v) {
			return
		}
		again, err := value.ParseLiteral(value.Repr(v))
		if err != nil {
			t.Fatalf("%q is %s, which is not read: %v", src, value.Repr(v), err)
		}
		if !value.Equal(v, again) || value.Repr(v) != value.Repr(again) {
			t.Fatalf("%q is %s, which is read as %s", src, value.Repr(v), value.Repr(again))
		}
	})
}

// printable reports whether the repr of v is a literal: that of an infinite
// number is not, nor that of an int with too many digits.
func printable(v value.Value) bool {
	switch v := v.(type) {
	case float64:
		return v-v == 0
	case complex128:
		return real(v)-real(v) == 0 && imag(v)-imag(v) == 0
	case *big.Int:
		return v.BitLen() < 10000
	case value.Tuple:
		return all(v)
	case *value.List:
		return all(v.Items)
	case *value.Set:
		return all(v.Items())
	case *value.Dict:
		return all(v.Keys()) && all(v.Values())
	}
	return true
}

func all(items []value.Value) bool {
	for _, v := range items {
		if !printable(v) {
			return false
		}
	}
	return true
}
