package pyyaml

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Options say how a value is written. The zero value writes what
// yaml.safe_dump(v, default_flow_style=False) does.
type Options struct {
	KeepOrder bool // keys in the order of the dict; default: sorted
	Unicode   bool // characters beyond ASCII as they are; default: as escapes
	Indent    int  // spaces for each level, 2 to 9; default 2
	Width     int  // column after which a text is folded; default 80
}

// Marshal returns v as YAML in block style. A container that v holds more than
// once is written once, with an anchor.
func Marshal(v value.Value, o Options) ([]byte, error) {
	if o.Indent < 2 || o.Indent > 9 {
		o.Indent = 2
	}
	if o.Width <= o.Indent*2 {
		o.Width = 80
	}
	e := emitter{o: o, whitespace: true, indention: true, seen: map[any]*anchor{}, indent: -1}
	if err := e.count(v, 0); err != nil {
		return nil, err
	}
	e.value(v, place{root: true})
	e.writeIndent()
	if e.openEnded {
		e.indicator("...", true, false, false)
		e.writeIndent()
	}
	return e.out.Bytes(), nil
}

// anchor is how often a container is met, and its name once it has one.
type anchor struct {
	times   int
	name    string
	written bool
}

// place is where a value stands.
type place struct {
	root, inMapping, simpleKey bool
}

type emitter struct {
	o    Options
	out  bytes.Buffer
	seen map[any]*anchor
	ids  int

	column     int
	indent     int  // -1 before the first collection
	whitespace bool // the last character was a space, or as good as one
	indention  bool // only indentation and the marks of entries are on this line
	openEnded  bool // the end of the document has to be marked
}

// items returns what a sequence holds.
func items(v value.Value) ([]value.Value, bool) {
	switch v := v.(type) {
	case *value.List:
		return v.Items, true
	case value.Tuple:
		return v, true
	case *value.NamedTuple:
		return v.Items, true
	}
	return nil, false
}

type pair struct{ key, val value.Value }

// pairs returns what a mapping holds, in the order in which it is written.
func (e *emitter) pairs(v value.Value) ([]pair, bool) {
	var out []pair
	switch v := v.(type) {
	case *value.Dict:
		out = make([]pair, 0, v.Len())
		for k, val := range v.All() {
			out = append(out, pair{k, val})
		}
		if e.o.KeepOrder {
			return out, true
		}
	case *value.Set:
		for k := range v.All() {
			out = append(out, pair{k, nil})
		}
	default:
		return nil, false
	}
	sorted, ok := slices.Clone(out), true
	slices.SortStableFunc(sorted, func(a, b pair) int {
		n, err := value.Compare(a.key, b.key)
		ok = ok && err == nil
		return n
	})
	if ok {
		return sorted, true
	}
	return out, true // keys without an order between them stay as they are
}

// count finds the containers that need an anchor, gives them one in the order in
// which PyYAML does, and finds what cannot be written.
func (e *emitter) count(v value.Value, depth int) error {
	if depth > maxDepth {
		return value.RuntimeError.Errorf("maximum recursion depth exceeded")
	}
	switch v.(type) {
	case *value.List, *value.Dict, *value.Set:
		if a := e.seen[v]; a != nil {
			if a.times++; a.times == 2 {
				e.ids++
				a.name = fmt.Sprintf("id%03d", e.ids)
			}
			return nil
		}
		e.seen[v] = &anchor{times: 1}
	}
	if list, ok := items(v); ok {
		for _, item := range list {
			if err := e.count(item, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	if list, ok := e.pairs(v); ok {
		for _, p := range list {
			if err := e.count(p.key, depth+1); err != nil {
				return err
			}
			if err := e.count(p.val, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	if _, _, ok := represent(v); !ok {
		return value.TypeError.Errorf("cannot represent an object of type '%s' as YAML", value.TypeName(v))
	}
	return nil
}

// represent returns the text of a scalar and its tag.
func represent(v value.Value) (text, tag string, ok bool) {
	switch v := v.(type) {
	case nil:
		return "null", nullTag, true
	case bool:
		if v {
			return "true", boolTag, true
		}
		return "false", boolTag, true
	case float64:
		return floatText(v), floatTag, true
	case string:
		return v, strTag, true
	case value.Markup:
		return string(v), strTag, true
	case value.Bytes:
		return encodeLines(v), yamlTag + "binary", true
	case value.Date:
		return v.Str(), timeTag, true
	case value.DateTime:
		return v.ISO(" "), timeTag, true
	}
	if value.TypeName(v) == "int" {
		return value.Str(v), intTag, true
	}
	return "", "", false
}

func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return ".nan"
	case math.IsInf(f, 1):
		return ".inf"
	case math.IsInf(f, -1):
		return "-.inf"
	}
	s := value.FormatFloat(f)
	if !strings.Contains(s, ".") {
		s = strings.Replace(s, "e", ".0e", 1)
	}
	return s
}

// encodeLines is base64 in lines of 76 characters.
func encodeLines(data []byte) string {
	text := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	for len(text) > 76 {
		b.WriteString(text[:76] + "\n")
		text = text[76:]
	}
	if text != "" {
		b.WriteString(text + "\n")
	}
	return b.String()
}

// value writes v.
func (e *emitter) value(v value.Value, at place) {
	switch v.(type) {
	case *value.List, *value.Dict, *value.Set:
		if a := e.seen[v]; a.name != "" {
			if a.written {
				e.indicator("*"+a.name, true, false, false)
				return
			}
			a.written = true
			e.indicator("&"+a.name, true, false, false)
		}
	}
	if list, ok := items(v); ok {
		e.sequence(list, at)
		return
	}
	if list, ok := e.pairs(v); ok {
		if _, set := v.(*value.Set); set {
			e.indicator("!!set", true, false, false)
		}
		e.mapping(list)
		return
	}
	text, tag, _ := represent(v) // count saw to it
	e.scalar(text, tag, at)
}

func (e *emitter) nest() (outer int) {
	outer = e.indent
	if e.indent < 0 {
		e.indent = 0
	} else {
		e.indent += e.o.Indent
	}
	return outer
}

func (e *emitter) sequence(list []value.Value, at place) {
	if len(list) == 0 {
		e.indicator("[", true, true, false)
		e.indicator("]", false, false, false)
		return
	}
	outer := e.indent
	if !at.inMapping || e.indention {
		e.nest()
	}
	for _, item := range list {
		e.writeIndent()
		e.indicator("-", true, false, true)
		e.value(item, place{})
	}
	e.indent = outer
}

func (e *emitter) mapping(list []pair) {
	if len(list) == 0 {
		e.indicator("{", true, true, false)
		e.indicator("}", false, false, false)
		return
	}
	outer := e.nest()
	for _, p := range list {
		e.writeIndent()
		if e.simpleKey(p.key) {
			e.value(p.key, place{inMapping: true, simpleKey: true})
			e.indicator(":", false, false, false)
		} else {
			e.indicator("?", true, false, true)
			e.value(p.key, place{inMapping: true})
			e.writeIndent()
			e.indicator(":", true, false, true)
		}
		e.value(p.val, place{inMapping: true})
	}
	e.indent = outer
}

// simpleKey reports whether v fits before a ':' on one line.
func (e *emitter) simpleKey(v value.Value) bool {
	if list, ok := items(v); ok {
		return len(list) == 0
	}
	text, tag, ok := represent(v)
	if !ok {
		return false
	}
	a := analyze([]rune(text), e.o.Unicode)
	length := len([]rune(text)) + len(shortTag(tag)) // PyYAML counts the tag, written or not
	return length < 128 && text != "" && !a.multiline
}

func shortTag(tag string) string { return "!!" + strings.TrimPrefix(tag, yamlTag) }
