package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/schema"
)

// form asks a person for a value that fits a schema, one property after the
// other. What does not fit is asked for again, as long as a person types.
type form struct {
	*app
	in *bufio.Reader
}

// Fill asks whoever types at o for an object that fits a schema.
func Fill(o Options, spec *value.Dict) (value.Value, error) {
	return (&form{app: &app{Options: o}, in: bufio.NewReader(o.In)}).fill(spec)
}

// fill asks for an object that fits a schema. One that names no properties is asked
// for as a whole.
func (f *form) fill(spec *value.Dict) (value.Value, error) {
	if object(spec, "properties").Len() > 0 {
		return f.object("", spec)
	}
	whole := spec.Clone()
	whole.Set("type", "object")
	v, _, err := f.property("response", whole, true)
	return v, err
}

// object asks for the properties of an object. Prefix is how the object is called
// in prompts, with a dot behind it.
func (f *form) object(prefix string, spec *value.Dict) (*value.Dict, error) {
	out := value.NewDict()
	required, _ := lookUp(spec, "required")
	needed, _ := required.(*value.List)
	for name, v := range object(spec, "properties").Texts() {
		of, ok := v.(*value.Dict)
		if !ok {
			continue
		}
		must, _ := lookUp(of, "required")
		if needed != nil && slices.Contains(needed.Items, value.Value(name)) {
			must = true
		}
		answer, given, err := f.property(prefix+name, of, must == true)
		if err != nil {
			return nil, err
		}
		if given {
			out.Set(name, answer)
		}
	}
	return out, nil
}

// property asks for one property; given is false when the person has none.
func (f *form) property(name string, spec *value.Dict, must bool) (v value.Value, given bool, err error) {
	items := object(spec, "items")
	switch {
	case kind(spec) == "object" && object(spec, "properties").Len() > 0:
		v, err = f.object(name+".", spec)
		return v, true, err
	case kind(spec) == "array" && kind(items) == "object":
		v, err = f.objects(name, items)
		return v, true, err
	}
	if about := textOf(spec, "description"); about != "" && f.InTerminal {
		f.note(about)
	}
	for {
		secret, _ := lookUp(spec, "secret")
		text, err := f.line(prompt(name, spec), secret == true)
		if err != nil {
			return nil, false, err
		}
		def, has := lookUp(spec, "default")
		switch {
		case text == "" && has:
			return def, true, nil
		case text == "" && !must:
			return nil, false, nil
		case text == "":
			err = errors.New("this has to be answered")
		default:
			if v, err = parse(text, spec); err == nil {
				if _, err = schema.Validate(v, withoutRequired(spec), schema.Options{}); err == nil {
					return v, true, nil
				}
			}
		}
		if !f.InTerminal {
			return nil, false, fault.Newf(fault.Invalid, "%s: %v", name, err)
		}
		f.note(err.Error())
	}
}

// objects asks for a list of objects, until the person has had enough.
func (f *form) objects(name string, items *value.Dict) (*value.List, error) {
	out := value.NewList()
	for {
		one, err := f.object(fmt.Sprintf("%s[%d].", name, len(out.Items)), items)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, one)
		more, err := f.line(fmt.Sprintf("Another item of %s? (boolean) [n]: ", name), false)
		if err != nil || !slices.Contains(yes(), strings.ToLower(more)) {
			return out, err
		}
	}
}

// line reads a line; a secret without showing it.
func (f *form) line(prompt string, secret bool) (string, error) {
	if secret && f.InTerminal && f.ReadPassword != nil {
		return f.ask(prompt)
	}
	if f.InTerminal {
		_, _ = io.WriteString(f.Err, prompt) // whoever does not see it will not type
	}
	text, err := f.in.ReadString('\n')
	if err != nil && (!errors.Is(err, io.EOF) || text == "") {
		return "", fault.Newf(fault.Invalid, "standard input ended before everything was answered")
	}
	return strings.TrimSpace(text), nil
}

// choices are the values of an enumeration.
func choices(spec *value.Dict) []value.Value {
	v, _ := lookUp(spec, "enum")
	if l, ok := v.(*value.List); ok {
		return l.Items
	}
	return nil
}

func prompt(name string, spec *value.Dict) string {
	def, has := lookUp(spec, "default")
	shown := value.Str(def)
	of := choices(spec)
	kind := kind(spec)
	secret, _ := lookUp(spec, "secret")
	switch {
	case of != nil:
	case secret == true:
		name += " (secret)"
	case kind == "boolean":
		name += " (boolean)"
		shown = map[bool]string{true: "y", false: "n"}[def == true]
	case kind == "number":
		name += " (float)"
	case kind == "integer":
		name += " (integer)"
	case kind == "array":
		name += " (comma-separated list)"
		of = choices(object(spec, "items"))
		if l, ok := def.(*value.List); ok {
			var parts []string
			for _, item := range l.Items {
				parts = append(parts, value.Str(item))
			}
			shown = strings.Join(parts, ",")
		}
	case kind == "object":
		name += " (JSON)"
	}
	for i, v := range of {
		name += fmt.Sprintf("\n %d - %s", i, value.Str(v))
	}
	if of != nil {
		name += "\nChoose by number or by name"
	}
	if has {
		name += " [" + shown + "]"
	}
	return name + ": "
}

func yes() []string { return []string{"1", "y", "yes", "true"} }
func no() []string  { return []string{"0", "n", "no", "nope", "nah", "false"} }

// parse reads what a person typed as a value of the type that spec says: as on
// the command line, and in the words of people.
func parse(text string, spec *value.Dict) (value.Value, error) {
	if of := choices(spec); of != nil {
		return choose(text, of)
	}
	of := choices(object(spec, "items"))
	switch {
	case kind(spec) == "boolean":
		switch word := strings.ToLower(text); {
		case slices.Contains(yes(), word):
			return true, nil
		case slices.Contains(no(), word):
			return false, nil
		}
		return nil, fmt.Errorf("%q is neither yes nor no", text)
	case kind(spec) == "array" && of != nil:
		out := value.NewList()
		for part := range strings.SplitSeq(text, ",") {
			item, err := choose(strings.TrimSpace(part), of)
			if err != nil {
				return nil, err
			}
			out.Items = append(out.Items, item)
		}
		return out, nil
	}
	return new(parameterReader).cast(text, spec)
}

// choose finds one of some values by its number or by how it is written.
func choose(text string, of []value.Value) (value.Value, error) {
	if i, err := strconv.Atoi(text); err == nil && i >= 0 && i < len(of) {
		return of[i], nil
	}
	for _, v := range of {
		if value.Str(v) == text {
			return v, nil
		}
	}
	return nil, fmt.Errorf("%q is none of the choices", text)
}

// withoutRequired returns spec without what it says to the object around it.
func withoutRequired(spec *value.Dict) *value.Dict {
	if must, _ := lookUp(spec, "required"); must != true && must != false {
		return spec
	}
	out := spec.Clone()
	out.Delete("required")
	return out
}
