package alias

import (
	"errors"
	"fmt"
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

func TestConformanceAlias(t *testing.T) {
	conformance.Run(t, "st2_alias", "testdata/known_st2_alias.txt", func(c conformance.Case) error {
		args, err := c.Dict("args")
		if err != nil {
			return err
		}
		got, err := answer(c.Kind, args)
		class, message, wantErr := c.WantError()
		switch {
		case wantErr && err == nil:
			return fmt.Errorf("got %s, want %s: %s", value.Repr(got), class, message)
		case wantErr && class == "ParseException":
			if !errors.Is(err, ErrNoMatch) || err.Error() != message {
				return fmt.Errorf("got error %w\nwant %s", err, message)
			}
			return nil
		case wantErr:
			return nil
		case err != nil:
			return fmt.Errorf("got error %w", err)
		}
		want, err := c.Value("result")
		if err != nil {
			return err
		}
		return conformance.Compare(byRef(want), got, c.Unordered)
	})
}

// byRef puts references in the place of aliases, which are what they were asked with.
func byRef(want value.Value) value.Value {
	list, ok := want.(*value.List)
	if !ok {
		return want
	}
	for _, item := range list.Items {
		d := item.(*value.Dict)
		if v, _ := d.Get("alias"); v != nil {
			d.Set("alias", textAt(v.(*conformance.Model).Fields, "ref"))
		}
	}
	return list
}

// answer asks what a case asks, and says it in the words of the reference.
func answer(kind string, args *value.Dict) (value.Value, error) {
	text := func(name string) string { return textAt(args, name) }
	var aliases []*Alias
	if v, ok := args.Get("aliases"); ok {
		for _, item := range v.(*value.List).Items {
			d := item.(*conformance.Model).Fields
			formats, _ := d.Get("formats")
			enabled, _ := d.Get("enabled")
			aliases = append(aliases, &Alias{
				Name: textAt(d, "name"), Ref: textAt(d, "ref"), Pack: textAt(d, "pack"), Description: textAt(d, "description"),
				Enabled: value.Truth(enabled), Formats: formats.(*value.List).Items,
			})
		}
	}
	switch kind {
	case "extract_parameters", "extract_parameters_multiple":
		p, err := Parse(text("format_str"))
		if err != nil {
			return nil, err
		}
		if kind == "extract_parameters" {
			return p.Extract(text("param_stream"))
		}
		all, err := p.ExtractAll(text("param_stream"))
		out := value.NewList()
		for _, one := range all {
			out.Items = append(out.Items, one)
		}
		return out, err
	case "normalise_alias_format_string":
		v, _ := args.Get("alias_format")
		f, err := FormatOf(v)
		return value.Tuple{orNone(f.Display), value.Of(f.Representations), f.Multiple}, err
	case "list_format_strings_from_aliases":
		return matchesOf(Candidates(aliases)), nil
	case "match_command_to_alias":
		found, err := Matches(aliases, text("command"))
		return matchesOf(found), err
	case "generate_helpstring_result":
		return help(aliases, args)
	default:
		return nil, fmt.Errorf("there is no question %s", kind)
	}
}

func orNone(s string) value.Value {
	if s == "" {
		return nil
	}
	return s
}

func matchesOf(matches []Match) value.Value {
	out := value.NewList()
	for _, m := range matches {
		d := value.NewDict()
		d.Set("alias", m.Alias.Ref)
		for _, v := range m.Alias.Formats {
			if f, err := FormatOf(v); err == nil && f.Display == m.Format.Display && value.Equal(value.Of(f.Representations), value.Of(m.Format.Representations)) {
				d.Set("format", v)
			}
		}
		d.Set("display", orNone(m.Format.Display))
		d.Set("representation", m.Representation)
		d.Set("match_multiple", m.Format.Multiple)
		out.Items = append(out.Items, d)
	}
	return out
}

func help(aliases []*Alias, args *value.Dict) (value.Value, error) {
	q := HelpQuery{Pack: textAt(args, "pack")}
	if v, _ := args.Get("filter"); v != nil {
		s, ok := v.(string)
		if !ok { // over HTTP there is only text
			return nil, fault.Newf(fault.Invalid, "the filter is no text")
		}
		q.Filter = s
	}
	for name, to := range map[string]*int{"limit": &q.Limit, "offset": &q.Offset} {
		if v, ok := args.Get(name); ok {
			*to = int(v.(int64))
		}
	}
	page, available, err := HelpOn(aliases, q)
	lines := value.NewList()
	for _, h := range page {
		d := value.NewDict()
		d.Set("pack", h.Pack)
		d.Set("display", h.Display)
		d.Set("description", orNone(h.Description))
		lines.Items = append(lines.Items, d)
	}
	out := value.NewDict()
	out.Set("available", int64(available))
	out.Set("helpstrings", lines)
	return out, err
}
