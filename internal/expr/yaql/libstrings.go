package yaql

import (
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// python calls a method of a text as Python has it. A list comes back as one of
// Python.
func (c *call) python(s, method string, args ...value.Value) (value.Value, error) {
	if err := c.ev.spend(len(s) >> 6); err != nil {
		return nil, err
	}
	v, _, err := value.CallMethod(c.ev.ctx, s, method, &value.Args{Name: method, Pos: args})
	if l, ok := v.(*value.List); ok && err == nil {
		return &pyList{l.Items}, nil
	}
	return v, err
}

func stringFunctions(b *builder) {
	b.module = "strings"
	method := func(name, params, python, doc, example, result string) {
		b.method(name, params, func(c *call) (value.Value, error) { return c.python(c.str(0), python, c.args[1:]...) }, doc, example, result)
	}
	b.fn("concat", "*args str", func(c *call) (value.Value, error) {
		var s strings.Builder
		for _, v := range c.rest {
			part, _ := v.(string)
			if err := c.ev.use(len(part)); err != nil {
				return nil, err
			}
			s.WriteString(part)
		}
		return s.String(), nil
	}, "Returns texts, one after the other.", "concat(a, b, c)", `"abc"`)
	method("toUpper", "string str", "upper", "Returns a text in upper case.", "ab.toUpper()", `"AB"`)
	method("toLower", "string str", "lower", "Returns a text in lower case.", "AB.toLower()", `"ab"`)
	b.both("len", "string str", func(c *call) (value.Value, error) {
		n, err := value.Len(c.args[0])
		return int64(n), err
	}, "Returns how many characters a text has.", "len(abc)", "3")
	method("split", "string str, separator str = null, maxSplits int = -1", "split",
		"Returns the parts of a text between separators, at white space without one.", `"a b".split(" ")`, `["a", "b"]`)
	method("rightSplit", "string str, separator str = null, maxSplits int = -1", "rsplit",
		"Returns the parts of a text between separators, the splits counted from the right.", `"a b c".rightSplit(" ", 1)`, `["a b", "c"]`)
	join := func(c *call, seq value.Value, separator string) (value.Value, error) {
		var s strings.Builder
		first := true
		err := c.ev.each(seq, func(v value.Value) (bool, error) {
			text, err := c.ev.text(v)
			if err != nil {
				return false, err
			}
			if !first {
				s.WriteString(separator)
			}
			first = false
			s.WriteString(text)
			return true, c.ev.use(len(text) + len(separator))
		})
		return s.String(), err
	}
	b.method("join", "sequence iter, separator str", func(c *call) (value.Value, error) { return join(c, c.args[0], c.str(1)) },
		"Returns the items as texts with a separator between them.", `[1, null, a].join("-")`, `"1-null-a"`)
	b.method("join", "separator str, sequence iter", func(c *call) (value.Value, error) { return join(c, c.args[1], c.str(0)) },
		"Returns the items as texts with the text between them.", `"-".join([1, 2])`, `"1-2"`)
	b.fn("str", "value", func(c *call) (value.Value, error) { return c.ev.text(c.args[0]) },
		"Returns the value as text.", "str([1, true, a])", `"(1, True, 'a')"`)
	method("trim", "string str, chars str = null", "strip", "Returns a text without white space, or the characters, at its ends.", `"  a ".trim()`, `"a"`)
	method("trimLeft", "string str, chars str = null", "lstrip", "Returns a text without white space, or the characters, at its start.", "aab.trimLeft(a)", `"b"`)
	method("trimRight", "string str, chars str = null", "rstrip", "Returns a text without white space, or the characters, at its end.", "baa.trimRight(a)", `"b"`)
	b.both("norm", "string str?, chars str = null", func(c *call) (value.Value, error) {
		if c.args[0] == nil {
			return nil, nil
		}
		v, err := c.python(c.str(0), "strip", c.args[1])
		if v == "" {
			return nil, err
		}
		return v, err
	}, "Returns a text trimmed, and null if nothing is left.", `norm("  ")`, "null")
	b.both("isEmpty", "string str?, trim bool = true, chars str = null", func(c *call) (value.Value, error) {
		if c.args[0] == nil {
			return true, nil
		}
		if !c.truth(1) {
			return c.str(0) == "", nil
		}
		v, err := c.python(c.str(0), "strip", c.args[2])
		return v == "", err
	}, "Returns whether a text is null or empty, or nothing but white space.", `isEmpty("  ")`, "true")
	b.method("replace", "string str, old str, new str, count int = -1", func(c *call) (value.Value, error) {
		return value.Replace(c.str(0), c.str(1), c.str(2), c.num(3))
	}, "Returns a text with all, or the first so many, parts replaced.", `"aXbX".replace(X, "-")`, `"a-b-"`)
	b.method("replace", "string str, replacements dict, count int = -1", func(c *call) (value.Value, error) {
		s := c.str(0)
		for k, v := range c.dict(1).All() {
			before, err := c.ev.text(k)
			if err != nil {
				return nil, err
			}
			after, err := c.ev.text(v)
			if err != nil {
				return nil, err
			}
			if s, err = value.Replace(s, before, after, c.num(2)); err != nil {
				return nil, err
			}
			if err := c.ev.made(s); err != nil {
				return nil, err
			}
		}
		return s, nil
	}, "Returns a text with the keys replaced by their values, one after the other.", `"abc".replace({a => x, c => z})`, `"xbz"`)
	b.method("substring", "string str, start int, length int = -1", substring,
		"Returns a part of a text. A negative start counts from the end.", "abcd.substring(1, 2)", `"bc"`)
	find := func(name, python, doc, example, result string) {
		b.method(name, "string str, sub str, start int = 0", func(c *call) (value.Value, error) {
			return c.python(c.str(0), python, c.args[1], c.args[2])
		}, doc, example, result)
		b.method(name, "string str, sub str, start int, length int", func(c *call) (value.Value, error) {
			n, err := value.Len(c.args[0])
			if err != nil {
				return nil, err
			}
			start, length := c.num(2), c.num(3)
			if start < 0 {
				start += n
			}
			if length < 0 {
				length = n - start
			}
			return c.python(c.str(0), python, c.args[1], int64(start), int64(start+length))
		}, doc+" Only the part of the length is searched.", "", "")
	}
	find("indexOf", "find", "Returns where a part of a text begins first, or -1.", "cabcdab.indexOf(ab)", "1")
	find("lastIndexOf", "rfind", "Returns where a part of a text begins last, or -1.", "cabcdab.lastIndexOf(ab)", "5")
	b.method("toCharArray", "string str", func(c *call) (value.Value, error) {
		items, err := value.Items(c.ev.ctx, c.args[0])
		return value.Tuple(items), err
	}, "Returns the characters of a text.", "abc.toCharArray()", `["a", "b", "c"]`)
	b.fn("characters", "digits bool? = false, hexdigits bool? = false, asciiLowercase bool? = false, asciiUppercase bool? = false,"+
		"asciiLetters bool? = false, letters bool? = false, octdigits bool? = false, punctuation bool? = false, printable bool? = false,"+
		"lowercase bool? = false, uppercase bool? = false, whitespace bool? = false", characters,
		"Returns the characters of kinds, in no order.", "characters(octdigits => true).len()", "8")
	b.fn("isString", "arg", func(c *call) (value.Value, error) {
		_, ok := c.args[0].(string)
		return ok, nil
	}, "Returns whether the value is a text.", "isString(1)", "false")
	affix := func(name string, has func(s, part string) bool, doc, example, result string) {
		b.method(name, "string str, *parts str", func(c *call) (value.Value, error) {
			for _, v := range c.rest {
				part, _ := v.(string)
				if has(c.str(0), part) {
					return true, nil
				}
			}
			return false, nil
		}, doc, example, result)
	}
	affix("startsWith", strings.HasPrefix, "Returns whether a text begins with one of the parts.", "abcd.startsWith(x, ab)", "true")
	affix("endsWith", strings.HasSuffix, "Returns whether a text ends with one of the parts.", "abcd.endsWith(cd, x)", "true")
	b.fn("hex", "num number?", func(c *call) (value.Value, error) {
		n, ok := value.Big(c.args[0])
		if !ok {
			return nil, value.TypeError.Errorf("'%s' object cannot be interpreted as an integer", value.TypeName(c.args[0]))
		}
		text := n.Text(16)
		if rest, negative := strings.CutPrefix(text, "-"); negative {
			return "-0x" + rest, nil
		}
		return "0x" + text, nil
	}, "Returns an integer in base 16.", "hex(256)", `"0x100"`)
}

func substring(c *call) (value.Value, error) {
	n, err := value.Len(c.args[0])
	if err != nil {
		return nil, err
	}
	start, length := c.num(1), c.num(2)
	if length < 0 {
		length = n
	}
	if start < 0 {
		start += n
	}
	return value.Slice(c.args[0], int64(start), int64(start+length), nil)
}

// characters returns each character of the kinds once.
func characters(c *call) (value.Value, error) {
	const (
		digits = "0123456789"
		lower  = "abcdefghijklmnopqrstuvwxyz"
		upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		signs  = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
		white  = " \t\n\r\v\f"
		gone   = "" // kinds that Python has no more
	)
	kinds := []string{
		digits, digits + "abcdefABCDEF", lower, upper, lower + upper, gone, "01234567", signs,
		digits + lower + upper + signs + white, gone, gone, white,
	}
	var all strings.Builder
	for i, kind := range kinds {
		if !c.truth(i) {
			continue
		}
		if kind == gone {
			return nil, value.AttributeError.Errorf("module 'string' has no attribute '%s'", c.o.params[i].name)
		}
		all.WriteString(kind)
	}
	var t value.Tuple
	seen := map[rune]bool{}
	for _, r := range all.String() {
		if !seen[r] {
			seen[r] = true
			t = append(t, string(r))
		}
	}
	return t, nil
}
