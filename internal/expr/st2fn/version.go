package st2fn

import (
	"cmp"
	"math/big"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// version is a semantic version. Its numbers are decimal digits, which may be
// more than a machine number holds.
type version struct {
	numbers    [3]string
	prerelease string
}

// parseVersion reads a version as semver.org has it.
func parseVersion(v value.Value) (version, error) {
	text, ok := asText(v)
	if !ok {
		return version{}, value.TypeError.Errorf("not expecting type '%s'", value.TypeName(v))
	}
	invalid := value.ValueError.Errorf("%s is not valid SemVer", text)
	rest, build, hasBuild := strings.Cut(text, "+")
	core, pre, hasPre := strings.Cut(rest, "-")
	var out version
	parts := strings.Split(core, ".")
	if len(parts) != 3 {
		return out, invalid
	}
	for i, p := range parts {
		if !isNumber(p) || len(p) > 1 && p[0] == '0' {
			return out, invalid
		}
		out.numbers[i] = p
	}
	if hasPre && !identifiers(pre, true) || hasBuild && !identifiers(build, false) {
		return out, invalid
	}
	out.prerelease = pre
	return out, nil
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// identifiers reports whether s is words with dots between them; numbers among
// them must not begin with 0 if strict.
func identifiers(s string, strict bool) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.Trim(part, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "" {
			return false
		}
		if strict && len(part) > 1 && part[0] == '0' && isNumber(part) {
			return false
		}
	}
	return true
}

func compareDigits(a, b string) int {
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

func (v version) compare(o version) int {
	for i := range v.numbers {
		if c := compareDigits(v.numbers[i], o.numbers[i]); c != 0 {
			return c
		}
	}
	switch {
	case v.prerelease == o.prerelease:
		return 0
	case v.prerelease == "":
		return 1
	case o.prerelease == "":
		return -1
	}
	a, b := strings.Split(v.prerelease, "."), strings.Split(o.prerelease, ".")
	for i := range min(len(a), len(b)) {
		if c := compareIdentifiers(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// compareIdentifiers orders numbers by value and before words.
func compareIdentifiers(a, b string) int {
	switch x, y := isNumber(a), isNumber(b); {
	case x && y:
		return compareDigits(a, b)
	case x:
		return -1
	case y:
		return 1
	}
	return strings.Compare(a, b)
}

// bumped returns the version with one number raised and those after it 0.
func (v version) bumped(which int) string {
	n, _ := new(big.Int).SetString(v.numbers[which], 10)
	v.numbers[which] = n.Add(n, big.NewInt(1)).String()
	for i := which + 1; i < len(v.numbers); i++ {
		v.numbers[i] = "0"
	}
	return strings.Join(v.numbers[:], ".")
}

// VersionCompare returns -1, 0 or 1 as version v is before, equal to or after
// another.
func VersionCompare(v, other value.Value) (int64, error) {
	a, err := parseVersion(v)
	if err != nil {
		return 0, err
	}
	b, err := parseVersion(other)
	if err != nil {
		return 0, err
	}
	return int64(a.compare(b)), nil
}

// VersionMatch reports whether version v satisfies an expression such as >=1.2.0.
// A version alone asks for equality.
func VersionMatch(v, expression value.Value) (bool, error) {
	text, ok := asText(expression)
	if !ok {
		return false, value.TypeError.Errorf("not expecting type '%s'", value.TypeName(expression))
	}
	op, other := text, ""
	for _, prefix := range []string{">=", "<=", "==", "!=", ">", "<"} {
		if strings.HasPrefix(text, prefix) {
			op, other = prefix, text[len(prefix):]
			break
		}
	}
	if text != "" && '0' <= text[0] && text[0] <= '9' {
		op, other = "==", text
	}
	if op == text {
		return false, value.ValueError.Errorf(
			"a version expression is <, >, ==, <=, >= or != and a version, not %s", value.Repr(text))
	}
	c, err := VersionCompare(v, other)
	if err != nil {
		return false, err
	}
	switch op {
	case ">=":
		return c >= 0, nil
	case "<=":
		return c <= 0, nil
	case "==":
		return c == 0, nil
	case "!=":
		return c != 0, nil
	case ">":
		return c > 0, nil
	}
	return c < 0, nil
}

// VersionBump raises the major (0), minor (1) or patch (2) number of a version.
func VersionBump(v value.Value, which int) (string, error) {
	parsed, err := parseVersion(v)
	if err != nil {
		return "", err
	}
	return parsed.bumped(which), nil
}

// VersionStripPatch returns the major and minor numbers of a version.
func VersionStripPatch(v value.Value) (string, error) {
	parsed, err := parseVersion(v)
	if err != nil {
		return "", err
	}
	return strings.Join(parsed.numbers[:2], "."), nil
}
