package value

import (
	"context"
	"strconv"
	"strings"
)

// FormatText returns format.format(*a.Pos, **a.Named). Attributes of arguments
// are those of [Attr], so that no text gets at what templates may not see.
func FormatText(ctx context.Context, format string, a *Args) (string, error) {
	f := formatter{args: a}
	return f.run(ctx, format, 2)
}

// formatter fills the fields of a text.
type formatter struct {
	args   *Args
	next   int     // the next automatic number
	manual bool    // fields are numbered by hand
	look   *Lookup // nil: Attr and Index
	conv   func(Value) Value
}

// Lookup is how the fields of a text find attributes and items.
type Lookup struct {
	Attr func(ctx context.Context, v Value, name string) (Value, error)
	Item func(ctx context.Context, v, key Value) (Value, error)
}

// FormatLookup is [FormatText] with attributes and items as a template language
// has them. A safe format gives safe text.
func FormatLookup(ctx context.Context, format Value, a *Args, l Lookup) (Value, error) {
	f := formatter{args: a, look: &l}
	if m, ok := format.(Markup); ok {
		f.conv = escapeArg
		s, err := f.run(ctx, string(m), 2)
		return Markup(s), err
	}
	return f.run(ctx, text(format), 2)
}

func (f *formatter) run(ctx context.Context, format string, depth int) (string, error) {
	if depth == 0 {
		return "", ValueError.Errorf("Max string recursion exceeded")
	}
	var b strings.Builder
	for i := 0; i < len(format); {
		c := format[i]
		if c != '{' && c != '}' {
			j := strings.IndexAny(format[i:], "{}")
			if j < 0 {
				j = len(format) - i
			}
			b.WriteString(format[i : i+j])
			i += j
			continue
		}
		if i+1 < len(format) && format[i+1] == c {
			b.WriteByte(c)
			i += 2
			continue
		}
		if c == '}' {
			return "", ValueError.Errorf("Single '}' encountered in format string")
		}
		end, err := fieldEnd(format, i+1)
		if err != nil {
			return "", err
		}
		text, err := f.field(ctx, format[i+1:end], depth)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
		if b.Len() > maxText {
			return "", tooLong(maxText)
		}
		i = end + 1
	}
	return b.String(), nil
}

// fieldEnd returns where the brace that ends the field from i on is.
func fieldEnd(format string, i int) (int, error) {
	if i >= len(format) {
		return 0, ValueError.Errorf("Single '{' encountered in format string")
	}
	depth, bracket := 1, false
	for ; i < len(format); i++ {
		switch format[i] {
		case '[':
			bracket = true
		case ']':
			bracket = false
		case '{':
			if !bracket {
				depth++
			}
		case '}':
			if bracket {
				continue
			}
			if depth--; depth == 0 {
				return i, nil
			}
		}
	}
	return 0, ValueError.Errorf("expected '}' before end of string")
}

// field renders name!conversion:spec.
func (f *formatter) field(ctx context.Context, field string, depth int) (string, error) {
	name, conversion, spec, err := splitField(field)
	if err != nil {
		return "", err
	}
	v, err := f.lookup(ctx, name)
	if err != nil {
		return "", err
	}
	if f.conv != nil {
		v = f.conv(v)
	}
	switch conversion {
	case 0:
	case 's':
		v = Str(v)
	case 'r':
		v = Repr(v)
	case 'a':
		v = asciiRepr(v)
	default:
		return "", ValueError.Errorf("Unknown conversion specifier '%c'", conversion)
	}
	if strings.ContainsAny(spec, "{}") {
		if spec, err = f.run(ctx, spec, depth-1); err != nil {
			return "", err
		}
	}
	return Format(v, spec)
}

func splitField(field string) (name string, conversion byte, spec string, err error) {
	bracket := false
	for i := range len(field) {
		switch c := field[i]; {
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case bracket:
		case c == '{':
			return "", 0, "", ValueError.Errorf("unexpected '{' in field name")
		case c == ':':
			return field[:i], 0, field[i+1:], nil
		case c == '!':
			rest := field[i+1:]
			if rest == "" {
				return "", 0, "", ValueError.Errorf("unmatched '{' in format spec")
			}
			if len(rest) > 1 && rest[1] != ':' {
				return "", 0, "", ValueError.Errorf("expected ':' after conversion specifier")
			}
			if len(rest) > 1 {
				spec = rest[2:]
			}
			return field[:i], rest[0], spec, nil
		}
	}
	return field, 0, "", nil
}

// lookup finds what a field names: an argument, and attributes and items of it.
func (f *formatter) lookup(ctx context.Context, name string) (Value, error) {
	first := name
	if i := strings.IndexAny(name, ".["); i >= 0 {
		first = name[:i]
	}
	v, err := f.argument(first)
	if err != nil {
		return nil, err
	}
	for rest := name[len(first):]; rest != ""; {
		if rest[0] == '.' {
			end := strings.IndexAny(rest[1:], ".[") + 1
			if end == 0 {
				end = len(rest)
			}
			if end == 1 {
				return nil, ValueError.Errorf("Empty attribute in format string")
			}
			v, err = f.attribute(ctx, v, rest[1:end])
			rest = rest[end:]
		} else {
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return nil, ValueError.Errorf("Missing ']' in format string")
			}
			if end == 1 {
				return nil, ValueError.Errorf("Empty attribute in format string")
			}
			var key Value = rest[1:end]
			if n, err := strconv.ParseUint(rest[1:end], 10, 62); err == nil {
				key = int64(n)
			}
			v, err = f.item(ctx, v, key)
			rest = rest[end+1:]
			if rest != "" && rest[0] != '.' && rest[0] != '[' {
				return nil, ValueError.Errorf("Only '.' or '[' may follow ']' in format field specifier")
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (f *formatter) attribute(ctx context.Context, v Value, name string) (Value, error) {
	if f.look != nil {
		return f.look.Attr(ctx, v, name)
	}
	a, ok, err := Attr(ctx, v, name)
	if err == nil && !ok {
		err = AttributeError.Errorf("'%s' object has no attribute '%s'", TypeName(v), name)
	}
	return a, err
}

func (f *formatter) item(ctx context.Context, v, key Value) (Value, error) {
	if f.look != nil {
		return f.look.Item(ctx, v, key)
	}
	return Index(ctx, v, key)
}

func (f *formatter) argument(name string) (Value, error) {
	var at int
	if name == "" {
		if f.manual {
			return nil, ValueError.Errorf("cannot switch from manual field specification to automatic field numbering")
		}
		at = f.next
		f.next++
	} else if n, err := strconv.Atoi(name); err == nil && n >= 0 {
		if f.next > 0 {
			return nil, ValueError.Errorf("cannot switch from automatic field numbering to manual field specification")
		}
		f.manual = true
		at = n
	} else {
		for _, named := range f.args.Named {
			if named.Name == name {
				return named.Value, nil
			}
		}
		return nil, KeyError.Errorf("%s", Repr(name))
	}
	if at >= len(f.args.Pos) {
		return nil, IndexError.Errorf("Replacement index %d out of range for positional args tuple", at)
	}
	return f.args.Pos[at], nil
}
