package st2fn

import (
	"errors"

	"github.com/nightshift-run/nightshift/internal/expr/pyre"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// regex compiles a pattern as the regex functions do.
func regex(pattern value.Value, ignoreCase bool) (*pyre.Regexp, error) {
	text, ok := asText(pattern)
	if !ok {
		return nil, value.TypeError.Errorf("first argument must be string or compiled pattern")
	}
	var flags pyre.Flags
	if ignoreCase {
		flags = pyre.IgnoreCase
	}
	return pyre.Cached(text, flags)
}

// RegexMatch reports whether the text of v begins with a match.
func RegexMatch(v, pattern value.Value, ignoreCase bool) (bool, error) {
	re, err := regex(pattern, ignoreCase)
	if err != nil {
		return false, err
	}
	m, err := re.Match(value.Str(v))
	return m != nil, err
}

// RegexSearch reports whether the text of v has a match anywhere.
func RegexSearch(v, pattern value.Value, ignoreCase bool) (bool, error) {
	re, err := regex(pattern, ignoreCase)
	if err != nil {
		return false, err
	}
	m, err := re.Search(value.Str(v))
	return m != nil, err
}

// RegexReplace replaces all matches in the text of v.
func RegexReplace(v, pattern, replacement value.Value, ignoreCase bool) (string, error) {
	re, err := regex(pattern, ignoreCase)
	if err != nil {
		return "", err
	}
	template, ok := asText(replacement)
	if !ok {
		return "", value.TypeError.Errorf("expected str instance, %s found", value.TypeName(replacement))
	}
	s, _, err := re.Sub(template, value.Str(v), 0)
	return s, err
}

// RegexSubstring returns one of the matches in the text of v: its text; or the
// group, if the pattern has one; or all groups, if it has several. A negative
// index counts from the last.
func RegexSubstring(v, pattern value.Value, index int64, ignoreCase bool) (value.Value, error) {
	re, err := regex(pattern, ignoreCase)
	if err != nil {
		return nil, err
	}
	found, err := re.FindAll(value.Str(v))
	if err != nil {
		return nil, err
	}
	if index < 0 {
		index += int64(len(found))
	}
	if index < 0 || index >= int64(len(found)) {
		return nil, value.IndexError.Errorf("list index out of range")
	}
	groups := found[index]
	if len(groups) == 1 {
		return groups[0], nil
	}
	t := make(value.Tuple, len(groups))
	for i, g := range groups {
		t[i] = g
	}
	return t, nil
}

// regexError gives mistakes in patterns the class of Python's.
func regexError(err error) error {
	if e, ok := errors.AsType[*pyre.Error](err); ok {
		return value.ValueError.Errorf("regular expression: %s", e.Error())
	}
	return err
}
