package pyyaml

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// The forms of YAML 1.1 as PyYAML knows them. That 1e3 is no float, nor +.5, is
// as it should be.
var (
	intForm = regexp.MustCompile(`^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+` +
		`|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$`)
	floatForm = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?` +
		`|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
	timeForm = regexp.MustCompile(`^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)` +
		`[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$`)
	timeParts = regexp.MustCompile(`^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:(?:[Tt]|[ \t]+)` +
		`([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?(?:[ \t]*(Z|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?)?$`)
)

// The tags that a value without quotes can have by its looks.
const (
	nullTag  = yamlTag + "null"
	boolTag  = yamlTag + "bool"
	intTag   = yamlTag + "int"
	floatTag = yamlTag + "float"
	timeTag  = yamlTag + "timestamp"
	strTag   = yamlTag + "str"
	mergeTag = yamlTag + "merge"
	valueTag = yamlTag + "value"
)

// looksLike returns the tag that a text has when it stands without quotes.
func looksLike(text string) string {
	if text == "" {
		return nullTag
	}
	switch c := text[0]; {
	case c >= '0' && c <= '9', c == '-', c == '+', c == '.':
		switch {
		case intForm.MatchString(text):
			return intTag
		case floatForm.MatchString(text):
			return floatTag
		case c >= '0' && c <= '9' && timeForm.MatchString(text):
			return timeTag
		}
		return strTag
	}
	switch text {
	case "~", "null", "Null", "NULL":
		return nullTag
	case "yes", "Yes", "YES", "no", "No", "NO", "true", "True", "TRUE", "false", "False", "FALSE",
		"on", "On", "ON", "off", "Off", "OFF":
		return boolTag
	case "<<":
		return mergeTag
	case "=":
		return valueTag
	}
	return strTag
}

// tagOf returns the tag of a node, by its looks if it was not given.
func tagOf(n *node) string {
	if n.tag != "" && n.tag != "!" {
		return n.tag
	}
	switch n.kind {
	case sequenceNode:
		return yamlTag + "seq"
	case mappingNode:
		return yamlTag + "map"
	case scalarNode:
	}
	if n.plain {
		return looksLike(n.text)
	}
	return strTag
}

// scalar returns the value of a text with the given tag.
func scalar(tag, text string) (value.Value, error) {
	switch tag {
	case strTag:
		return text, nil
	case nullTag:
		return nil, nil
	case boolTag:
		switch strings.ToLower(text) {
		case "yes", "true", "on":
			return true, nil
		case "no", "false", "off":
			return false, nil
		}
		return nil, fmt.Errorf("%q is not a boolean", text)
	case intTag:
		return integer(text)
	case floatTag:
		return float(text)
	case timeTag:
		return timestamp(text)
	case yamlTag + "binary":
		return binary(text)
	case valueTag, mergeTag:
		return nil, fmt.Errorf("the text %s needs quotes here", text)
	}
	return nil, unknownTag(tag)
}

func unknownTag(tag string) error {
	short, ok := strings.CutPrefix(tag, yamlTag)
	if ok {
		short = "!!" + short
	}
	return fmt.Errorf("the tag %s is not known; a text that begins with '!' needs quotes", short)
}

// maxDigits is how long a number may be, as it is in Python.
const maxDigits = 4300

func integer(text string) (value.Value, error) {
	s := strings.ReplaceAll(text, "_", "")
	if len(s) > maxDigits {
		return nil, fmt.Errorf("a number of more than %d digits", maxDigits)
	}
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	n := new(big.Int)
	var ok bool
	switch {
	case s == "0":
		return int64(0), nil
	case strings.HasPrefix(s, "0b"):
		n, ok = n.SetString(s[2:], 2)
	case strings.HasPrefix(s, "0x"):
		n, ok = n.SetString(s[2:], 16)
	case strings.HasPrefix(s, "0"):
		n, ok = n.SetString(s, 8)
	case strings.Contains(s, ":"):
		for part := range strings.SplitSeq(s, ":") {
			digit, err := strconv.ParseUint(part, 10, 63)
			if err != nil {
				return nil, fmt.Errorf("%q is not an integer", text)
			}
			n.Mul(n, big.NewInt(60)).Add(n, new(big.Int).SetUint64(digit))
		}
		ok = true
	default:
		if i, err := strconv.ParseInt(s, 10, 64); err == nil && s[0] >= '0' && s[0] <= '9' {
			if negative {
				i = -i
			}
			return i, nil
		}
		n, ok = n.SetString(s, 10)
	}
	if !ok {
		return nil, fmt.Errorf("%q is not an integer", text)
	}
	if negative {
		n.Neg(n)
	}
	return value.Int(n), nil
}

func float(text string) (value.Value, error) {
	s := strings.ToLower(strings.ReplaceAll(text, "_", ""))
	sign := 1.0
	if strings.HasPrefix(s, "-") {
		sign = -1
	}
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	switch {
	case s == ".inf":
		return sign * math.Inf(1), nil
	case s == ".nan":
		return math.NaN(), nil
	case strings.Contains(s, ":"):
		// The smallest part first, as PyYAML adds them.
		parts := strings.Split(s, ":")
		base, sum := 1.0, 0.0
		for _, part := range slices.Backward(parts) {
			digit, err := strconv.ParseFloat(part, 64)
			if err != nil {
				return nil, fmt.Errorf("%q is not a number", text)
			}
			sum += digit * base
			base *= 60
		}
		return sign * sum, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return nil, fmt.Errorf("%q is not a number", text)
	}
	return sign * f, nil
}

func timestamp(text string) (value.Value, error) {
	m := timeParts.FindStringSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("%q is not a date or time", text)
	}
	num := func(i int) int {
		n, _ := strconv.Atoi(m[i]) // digits by the pattern, or nothing, which is 0
		return n
	}
	year, month, day := num(1), time.Month(num(2)), num(3)
	d := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if year < 1 || d.Month() != month || d.Day() != day {
		return nil, fmt.Errorf("there is no day %s; if it is not a date, put it in quotes", text)
	}
	if m[4] == "" {
		return value.Date{Year: year, Month: month, Day: day}, nil
	}
	hour, minute, second := num(4), num(5), num(6)
	offset := num(10)*3600 + num(11)*60
	if hour > 23 || minute > 59 || second > 59 || offset >= 24*3600 {
		return nil, fmt.Errorf("there is no time %s; if it is not a time, put it in quotes", text)
	}
	nanos, _ := strconv.Atoi((m[7] + "000000")[:6]) // digits by the pattern
	nanos *= 1000
	if m[8] == "" {
		return value.NewNaive(time.Date(year, month, day, hour, minute, second, nanos, time.UTC)), nil
	}
	if m[9] == "-" {
		offset = -offset
	}
	zone := time.UTC
	if offset != 0 {
		zone = time.FixedZone("", offset)
	}
	return value.NewDateTime(time.Date(year, month, day, hour, minute, second, nanos, zone)), nil
}

// binary decodes base64 and, as Python does, skips what does not belong to it.
func binary(text string) (value.Value, error) {
	if i := strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }); i >= 0 {
		return nil, fmt.Errorf("not base64: %s", firstChar(text[i:]))
	}
	clean := make([]byte, 0, len(text))
	padding := 0
	for _, c := range []byte(text) {
		switch {
		case c == '=' && len(clean)%4 >= 2:
			padding++
		case padding == (4-len(clean)%4)%4 && padding > 0:
			// Padding ends it, whatever follows.
		case nameChar(c) && c != '-' && c != '_' || c == '+' || c == '/':
			clean = append(clean, c)
		}
	}
	if padding < (4-len(clean)%4)%4 {
		return nil, errors.New("not base64: its end is missing")
	}
	data, err := base64.RawStdEncoding.DecodeString(string(clean))
	if err != nil {
		return nil, fmt.Errorf("not base64: %w", err)
	}
	return value.Bytes(data), nil
}
