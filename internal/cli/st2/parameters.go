package st2

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// parameterReader turns the words behind an action into its parameters, as
// StackStorm's client does: a value is read as the type of its parameter, a name
// with @ before it gives a file, and from the first word without = on all words are
// a command.
type parameterReader struct {
	action      string // reference
	own, runner *value.Dict
	autoDict    bool
	environment *value.Dict // what is handed on as the parameter env; nil for none
}

func (p *parameterReader) read(words []string) (*value.Dict, error) {
	out := value.NewDict()
	if p.environment != nil {
		out.Set("env", p.environment)
	}
	for i, word := range words {
		name, v, ok := strings.Cut(word, "=")
		if !ok {
			out.Set("cmd", strings.Join(words[i:], " "))
			break
		}
		if name, ok := strings.CutPrefix(name, "@"); ok {
			content, err := readText(v)
			if err != nil {
				return nil, err
			}
			if p.action == "core.http" {
				out.Set("_file_name", filepath.Base(v))
				name = "file_content"
			}
			out.Set(name, content)
			continue
		}
		got, err := p.cast(name, v, p.own)
		if err != nil {
			return nil, err
		}
		// A list may be given in several words.
		if before, ok := field(out, name).(*value.List); ok {
			if more, ok := got.(*value.List); ok {
				got = value.NewList(append(before.Items, more.Items...)...)
			}
		}
		out.Set(name, got)
	}
	if out.Has("file_content") {
		if !out.Has("method") {
			out.Set("method", "POST")
		}
		if name := field(out, "_file_name"); name != nil && !out.Has("file_name") {
			out.Set("file_name", name)
		}
		out.Delete("_file_name")
	}
	return out, nil
}

func readText(file string) (string, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return "", sayf("File %q doesn't exist", file)
	case !info.Mode().IsRegular():
		return "", sayf("%q is not a file", file)
	}
	b, err := os.ReadFile(file) //nolint:gosec // the user names it
	if err != nil {
		return "", err
	}
	if !utf8.Valid(b) {
		return "", fmt.Errorf("%s holds no text in UTF-8", file)
	}
	return string(b), nil
}

// schema is what is said of a parameter; the runner comes first.
func (p *parameterReader) schema(name string, of *value.Dict) *value.Dict {
	if d, ok := field(p.runner, name).(*value.Dict); ok {
		return d
	}
	return dict(field(of, name))
}

func (p *parameterReader) cast(name, s string, of *value.Dict) (value.Value, error) {
	schema := p.schema(name, of)
	switch text(schema, "type") {
	case "array":
		return p.array(s, schema)
	case "object":
		return object(s)
	case "boolean":
		switch strings.ToLower(s) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		case "none":
			return nil, nil
		}
		if v, err := value.ParseLiteral(s); err == nil {
			return v, nil
		}
		return nil, sayf("Invalid value for boolean parameter. Valid values are: true, false")
	case "integer":
		v, err := value.ParseInt(s, 10)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", name, err)
		}
		return v, nil
	case "number":
		f, err := value.ParseFloat(s)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", name, err)
		}
		return f, nil
	}
	return s, nil
}

// object reads JSON, or a=b,c=d.
func object(s string) (value.Value, error) {
	if strings.HasPrefix(s, "{") {
		return value.FromJSON([]byte(s))
	}
	out := value.NewDict()
	for pair := range strings.SplitSeq(s, ",") {
		if k, v, ok := strings.Cut(pair, "="); ok {
			out.Set(k, v)
		}
	}
	return out, nil
}

// array reads JSON, a number, or texts with commas between them, which auto-dict
// makes one object of if they are all a:b.
func (p *parameterReader) array(s string, schema *value.Dict) (value.Value, error) {
	if n, err := value.ParseInt(s, 10); err == nil {
		return value.NewList(n), nil
	}
	v, err := value.FromJSON([]byte(s))
	if err != nil {
		l := value.NewList()
		for part := range strings.SplitSeq(s, ",") {
			l.Items = append(l.Items, strings.TrimSpace(part))
		}
		v = l
	}
	l, ok := v.(*value.List)
	if !ok || !p.autoDict || len(l.Items) == 0 {
		return v, nil
	}
	properties := dict(field(schema, "properties"))
	out := value.NewDict()
	for _, item := range l.Items {
		word, _ := item.(string)
		k, v, ok := strings.Cut(word, ":")
		if !ok {
			return l, nil
		}
		var typed value.Value = v
		if properties.Has(k) {
			if typed, err = p.cast(k, v, properties); err != nil {
				return nil, err
			}
		}
		out.Set(k, typed)
	}
	return value.NewList(out), nil
}
