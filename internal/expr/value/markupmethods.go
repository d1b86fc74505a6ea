package value

import (
	"context"
	"html"
	"regexp"
	"strings"
)

// markupMethod returns the methods of safe text: what they return is safe, too,
// because the texts that go in are escaped.
func markupMethod(name string) method {
	switch name {
	case "striptags":
		return plainMethod(func(self Value) (Value, error) { return StripTags(text(self)), nil })
	case "unescape":
		return plainMethod(func(self Value) (Value, error) { return html.UnescapeString(text(self)), nil })
	case "format":
		return func(ctx context.Context, self Value, a *Args) (Value, error) {
			f := formatter{args: a, conv: escapeArg}
			s, err := f.run(ctx, text(self), 2)
			return Markup(s), err
		}
	case "join":
		return func(ctx context.Context, self Value, a *Args) (Value, error) {
			if len(a.Pos) == 1 {
				items, err := Items(ctx, a.Pos[0])
				if err != nil {
					return nil, err
				}
				safe := make([]Value, len(items))
				for i, item := range items {
					safe[i] = string(EscapeValue(item))
				}
				a = &Args{Name: a.Name, Pos: []Value{NewList(safe...)}}
			}
			return markup(strJoin(ctx, self, a))
		}
	}
	m := strMethod(name)
	if m == nil {
		return nil
	}
	escape := name == "replace" || name == "center" || name == "ljust" || name == "rjust"
	return func(ctx context.Context, self Value, a *Args) (Value, error) {
		if escape {
			args := *a
			args.Pos = make([]Value, len(a.Pos))
			for i, v := range a.Pos {
				if s, ok := v.(string); ok {
					v = Escape(s)
				}
				args.Pos[i] = v
			}
			a = &args
		}
		return markup(m(ctx, self, a))
	}
}

// markup turns the texts that a method returns into safe ones.
func markup(v Value, err error) (Value, error) {
	switch v := v.(type) {
	case string:
		return Markup(v), err
	case *List:
		for i, item := range v.Items {
			if s, ok := item.(string); ok {
				v.Items[i] = Markup(s)
			}
		}
	case Tuple:
		for i, item := range v {
			if s, ok := item.(string); ok {
				v[i] = Markup(s)
			}
		}
	}
	return v, err
}

var (
	reComment = regexp.MustCompile(`(?s)<!--.*?-->`)
	reTag     = regexp.MustCompile(`(?s)<.*?>`)
)

// StripTags returns s without comments and tags, with runs of white space as one
// space and entities as what they stand for.
func StripTags(s string) string {
	s = reTag.ReplaceAllString(reComment.ReplaceAllString(s, ""), "")
	return html.UnescapeString(strings.Join(strings.FieldsFunc(s, isSpace), " "))
}
