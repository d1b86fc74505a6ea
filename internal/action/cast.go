package action

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/st2fn"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Cast turns a value into one of a type of JSON Schema where it is written in
// another way: "5" is the integer 5, a text that is JSON or a literal of Python
// is the list or the object that it spells. None stays None, and what the filter
// use_none makes of it becomes None again. A value stays as it is if the type is
// none that can be cast to, and may do so if it is of the wrong kind for the
// type: whether it fits is for the validation to say.
func Cast(v value.Value, typ string) (value.Value, error) {
	if v == nil {
		return nil, nil
	}
	if s, ok := text(v); ok && s == st2fn.NoneMagic && Castable(typ) {
		return nil, nil
	}
	switch typ {
	case "array", "object":
		return castObject(v)
	case "boolean":
		return castBoolean(v)
	case "integer":
		return value.ToInt(v)
	case "number":
		f, err := value.ToFloat(v)
		if err != nil {
			return nil, err
		}
		return f, nil
	case "string":
		return castString(v)
	}
	return v, nil
}

// Castable reports whether [Cast] does anything for a type.
func Castable(typ string) bool {
	switch typ {
	case "array", "boolean", "integer", "number", "object", "string":
		return true
	}
	return false
}

func text(v value.Value) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case value.Markup:
		return string(v), true
	}
	return "", false
}

func castObject(v value.Value) (value.Value, error) {
	s, ok := text(v)
	if !ok {
		return v, nil
	}
	if out, err := value.FromJSON([]byte(s)); err == nil {
		return out, nil
	}
	return value.ParseLiteral(s)
}

// castBoolean reads true and True, and also 1, which stays a number.
func castBoolean(v value.Value) (value.Value, error) {
	s, ok := text(v)
	if !ok {
		return v, nil
	}
	return value.ParseLiteral(capitalize(s))
}

// capitalize returns s as str.capitalize does.
func capitalize(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToTitle(first)) + strings.ToLower(s[n:])
}

func castString(v value.Value) (value.Value, error) {
	if s, ok := text(v); ok {
		return s, nil
	}
	return nil, value.ValueError.Errorf("Value \"%s\" must either be a string or None. Got \"%s\".", value.Str(v), value.TypeName(v))
}
