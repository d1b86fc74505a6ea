package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// parameterReader turns the words after an action into its parameters.
//
// A word k=v gives the parameter k, read as its type says: an array is JSON or
// a list with commas, an object is JSON or a=b,c=d. @k=file and k=@file give the
// content of a file. From the first word without = on, all words are the
// parameter cmd. A value with a template in it goes as it is: the server renders
// it before it looks at its type.
type parameterReader struct {
	action   string      // reference
	runner   *value.Dict // the parameters of its runner
	own      *value.Dict // and its own
	autoDict bool        // a list of a:b is a list of one object
	readFile func(path string) (string, error)
}

// read returns the parameters that the words give, or all mistakes in them.
func (p *parameterReader) read(words []string) (*value.Dict, error) {
	out := value.NewDict()
	var mistakes []error
	for i, word := range words {
		name, v, ok := strings.Cut(word, "=")
		if !ok {
			out.Set("cmd", strings.Join(words[i:], " "))
			break
		}
		if err := p.add(out, name, v); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	switch len(mistakes) {
	case 0:
		return out, nil
	case 1:
		return nil, mistakes[0]
	}
	all := make([]string, len(mistakes))
	for i, m := range mistakes {
		all[i] = m.Error()
	}
	return nil, &fault.Fault{Kind: fault.Invalid, Msg: strings.Join(all, "; "), Err: errors.Join(mistakes...)}
}

func (p *parameterReader) add(out *value.Dict, name, v string) error {
	path, isFile := p.file(name, v)
	name = strings.TrimPrefix(name, "@")
	if isFile {
		content, err := p.readFile(path)
		if err != nil {
			return fault.Newf(fault.Invalid, "parameter %s: %v", name, err)
		}
		if p.action == "core.http" && (name == "file" || name == "file_content") {
			upload(out, path, content)
			return nil
		}
		out.Set(name, content)
		return nil
	}
	schema := p.schema(name)
	got, err := p.cast(v, schema)
	if err != nil {
		return fault.Newf(fault.Invalid, "parameter %s: %v", name, err)
	}
	// A list may be given in several words.
	if more, ok := got.(*value.List); ok {
		if before, _ := out.Get(name); before != nil {
			if l, ok := before.(*value.List); ok {
				got = value.NewList(append(l.Items, more.Items...)...)
			}
		}
	}
	out.Set(name, got)
	return nil
}

// file reports whether a word names a file. A value like @alice, of which there
// is no file, is only a text.
func (p *parameterReader) file(name, v string) (string, bool) {
	if strings.HasPrefix(name, "@") {
		return v, true
	}
	path, ok := strings.CutPrefix(v, "@")
	if !ok || path == "" {
		return "", false
	}
	if _, err := p.readFile(path); err == nil {
		return path, true
	}
	return path, strings.ContainsRune(path, '/')
}

// upload fills in what core.http sends as a file.
func upload(out *value.Dict, path, content string) {
	out.Set("file_content", content)
	if !out.Has("method") {
		out.Set("method", "POST")
	}
	if !out.Has("file_name") {
		out.Set("file_name", filepath.Base(path))
	}
}

// schema returns what is said of a parameter: the runner first, as the server
// has it the other way round only for what an action may override, and a type is
// not such a thing.
func (p *parameterReader) schema(name string) *value.Dict {
	own := object(p.own, name)
	merged := object(p.runner, name).Clone()
	kind, typed := merged.Get("type")
	merged.Update(own)
	if typed {
		merged.Set("type", kind)
	}
	return merged
}

// kind is the type that a text is read as: of several, the first one that is
// more than text.
func kind(schema *value.Dict) string {
	v, _ := schema.Get("type")
	switch v := v.(type) {
	case string:
		return v
	case *value.List:
		for _, t := range v.Items {
			if s, ok := t.(string); ok && s != "null" && s != "string" {
				return s
			}
		}
	}
	return "string"
}

func (p *parameterReader) cast(s string, schema *value.Dict) (value.Value, error) {
	typ := kind(schema)
	if typ != "string" && (strings.Contains(s, "{{") || strings.Contains(s, "{%")) {
		return s, nil
	}
	switch typ {
	case "array":
		return p.array(s, schema)
	case "object":
		return p.object(s)
	case "boolean":
		switch strings.ToLower(s) {
		case "true", "1", "yes", "on":
			return true, nil
		case "false", "0", "no", "off":
			return false, nil
		case "none", "null":
			return nil, nil
		}
		return nil, fmt.Errorf("%q is neither true nor false", s)
	case "integer":
		n, err := value.ParseInt(s, 10)
		if err != nil {
			return nil, fmt.Errorf("%q is not a whole number", s)
		}
		return n, nil
	case "number":
		f, err := value.ParseFloat(s)
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", s)
		}
		return f, nil
	}
	return s, nil
}

func (p *parameterReader) object(s string) (value.Value, error) {
	if strings.HasPrefix(strings.TrimSpace(s), "{") {
		v, err := value.FromJSON([]byte(s))
		if err != nil {
			return nil, fmt.Errorf("%w; an object is JSON or a=b,c=d", err)
		}
		return v, nil
	}
	out := value.NewDict()
	if s == "" {
		return out, nil
	}
	for pair := range strings.SplitSeq(s, ",") {
		k, v, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("%q is no object: it is JSON or a=b,c=d", s)
		}
		out.Set(k, v)
	}
	return out, nil
}

func (p *parameterReader) array(s string, schema *value.Dict) (value.Value, error) {
	var items []value.Value
	if n, err := value.ParseInt(s, 10); err == nil {
		items = []value.Value{n}
	} else if v, err := value.FromJSON([]byte(s)); err == nil {
		l, ok := v.(*value.List)
		if !ok {
			l = value.NewList(v)
		}
		return l, nil
	} else if strings.HasPrefix(strings.TrimSpace(s), "[") {
		return nil, fmt.Errorf("%w; an array is JSON or a list with commas", err)
	} else {
		for part := range strings.SplitSeq(s, ",") {
			items = append(items, strings.TrimSpace(part))
		}
	}
	if p.autoDict {
		d, ok, err := p.pairs(items, object(object(schema, "items"), "properties"), object(schema, "properties"))
		if err != nil {
			return nil, err
		}
		if ok {
			return value.NewList(d), nil
		}
	}
	// What the items of the list are is known, too.
	each := object(schema, "items")
	for i, item := range items {
		text, ok := item.(string)
		if !ok || each.Len() == 0 || kind(each) == "array" || kind(each) == "object" {
			continue
		}
		v, err := p.cast(text, each)
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i+1, err)
		}
		items[i] = v
	}
	return value.NewList(items...), nil
}

// pairs makes an object of a list of a:b, and reports false if it is another one.
func (p *parameterReader) pairs(items []value.Value, schemas ...*value.Dict) (*value.Dict, bool, error) {
	out := value.NewDict()
	for _, item := range items {
		text, _ := item.(string)
		k, v, ok := strings.Cut(text, ":")
		if !ok {
			return nil, false, nil
		}
		var typed value.Value = v
		for _, s := range schemas {
			if !s.Has(k) {
				continue
			}
			var err error
			if typed, err = p.cast(v, object(s, k)); err != nil {
				return nil, false, fmt.Errorf("%s: %w", k, err)
			}
			break
		}
		out.Set(k, typed)
	}
	return out, len(items) > 0, nil
}

// Environment is what -e hands on: all variables but those that only mean
// something here, and those that let somebody in.
func Environment(environ []string) *value.Dict {
	out := value.NewDict()
	for _, pair := range environ {
		name, v, ok := strings.Cut(pair, "=")
		if !ok || name == "" || stays(name) {
			continue
		}
		out.Set(name, v)
	}
	return out
}

func stays(name string) bool {
	switch strings.ToUpper(name) {
	case "PWD", "OLDPWD", "HOME", "USER", "USERNAME", "LOGNAME", "MAIL", "PATH", "PYTHONPATH", "SHELL", "PS1", "TERM",
		"LANG", "LS_COLORS", "SSH_TTY", "SSH_CONNECTION", "XDG_SESSION_ID",
		"NIGHTSHIFT_TOKEN", "NIGHTSHIFT_API_KEY", "ST2_AUTH_TOKEN", "ST2_API_KEY":
		return true
	}
	return false
}
