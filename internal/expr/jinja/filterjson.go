package jinja

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// filterTojson gives JSON that is safe inside of HTML, with sorted keys.
func filterTojson(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [1]value.Value
	if err := args.Into(p[:], 0, "indent"); err != nil {
		return nil, err
	}
	o := value.JSONOptions{Item: ", ", Key: ": ", SortKeys: true, ASCII: true, NaN: true, Limit: f.rt.limits.Output}
	switch indent := p[0].(type) {
	case nil:
	case string:
		o.Item, o.Indent = ",", &indent
	default:
		if value.IsAbsent(indent) {
			break
		}
		n, err := intArg(indent, 0)
		if err != nil {
			return nil, err
		}
		spaces := strings.Repeat(" ", min(max(n, 0), 1000))
		o.Item, o.Indent = ",", &spaces
	}
	if err := raises(in); err != nil {
		return nil, err
	}
	b, err := value.AppendJSONOptions(nil, in, o)
	if err != nil {
		return nil, err
	}
	safe := strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "'", `\u0027`)
	return value.Markup(safe.Replace(string(b))), nil
}

func filterPprint(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	if err := args.None(); err != nil {
		return nil, err
	}
	p := pretty{limit: f.rt.limits.Output}
	p.write(in, 0, 0, 0)
	if p.out.Len() > p.limit {
		return nil, value.MemoryError.Errorf("a text of more than %d bytes", p.limit)
	}
	return p.out.String(), nil
}

// prettyWidth is how long a line may be.
const prettyWidth = 80

// pretty prints values over several lines where one is too short, as Python's
// pprint does.
type pretty struct {
	out   strings.Builder
	limit int
}

func width(s string) int { return utf8.RuneCountInString(s) }

// sortedDict returns d in the order in which pprint shows it.
func sortedDict(d *value.Dict) *value.Dict {
	out := value.NewDictCap(d.Len())
	keys, err := value.Sorted(context.Background(), d.Keys(), nil, false)
	if err != nil {
		keys = d.Keys()
	}
	for _, k := range keys {
		v, _, _ := d.GetKey(k)
		_ = out.SetKey(k, v) // it is a key already
	}
	return out
}

// flat returns the value on one line.
func flat(v value.Value, depth int) string {
	if depth > 50 {
		return value.Repr(v)
	}
	var items []value.Value
	start, end := "[", "]"
	switch v := v.(type) {
	case *value.Dict:
		var b strings.Builder
		b.WriteByte('{')
		first := true
		for k, item := range sortedDict(v).All() {
			if !first {
				b.WriteString(", ")
			}
			first = false
			b.WriteString(flat(k, depth+1) + ": " + flat(item, depth+1))
		}
		return b.String() + "}"
	case *value.List:
		items = v.Items
	case value.Tuple:
		items, start, end = v, "(", ")"
		if len(v) == 1 {
			end = ",)"
		}
	default:
		return value.Repr(v)
	}
	parts := make([]string, len(items))
	for i, item := range items {
		parts[i] = flat(item, depth+1)
	}
	return start + strings.Join(parts, ", ") + end
}

func (p *pretty) write(v value.Value, indent, allowance, level int) {
	if p.out.Len() > p.limit {
		return
	}
	line := value.Repr(v)
	if len(line) < 1<<16 {
		line = flat(v, 0)
	}
	if width(line) <= prettyWidth-indent-allowance || level > 100 {
		p.out.WriteString(line)
		return
	}
	switch v := v.(type) {
	case *value.Dict:
		p.dict(sortedDict(v), indent, allowance+1, level+1)
	case *value.List:
		p.items("[", v.Items, "]", indent, allowance, level+1)
	case value.Tuple:
		end := ")"
		if len(v) == 1 {
			end = ",)"
		}
		p.items("(", v, end, indent, allowance, level+1)
	case string:
		p.text(v, indent, allowance, level+1)
	default:
		p.out.WriteString(line)
	}
}

func (p *pretty) newline(indent int) { p.out.WriteString("\n" + strings.Repeat(" ", indent)) }

func (p *pretty) dict(d *value.Dict, indent, allowance, level int) {
	p.out.WriteString("{")
	n, i := d.Len(), 0
	for k, v := range d.All() {
		i++
		after := 1
		if i == n {
			after = allowance
		}
		key := flat(k, 0)
		p.out.WriteString(key + ": ")
		p.write(v, indent+1+width(key)+2, after, level)
		if i < n {
			p.out.WriteString(",")
			p.newline(indent + 1)
		}
	}
	p.out.WriteString("}")
}

func (p *pretty) items(start string, items []value.Value, end string, indent, allowance, level int) {
	p.out.WriteString(start)
	for i, item := range items {
		after := 1
		if i == len(items)-1 {
			after = allowance + len(end)
		}
		p.write(item, indent+1, after, level)
		if i < len(items)-1 {
			p.out.WriteString(",")
			p.newline(indent + 1)
		}
	}
	p.out.WriteString(end)
}

// text cuts a long text at its lines and words.
func (p *pretty) text(s string, indent, allowance, level int) {
	if s == "" {
		p.out.WriteString("''")
		return
	}
	if level == 1 {
		indent++
		allowance++
	}
	limit := prettyWidth - indent
	var chunks []string
	lines := value.SplitLines(s, true)
	for i, line := range lines {
		last := i == len(lines)-1
		room := limit
		if last {
			room -= allowance
		}
		if whole := value.Repr(line); width(whole) <= room {
			chunks = append(chunks, whole)
			continue
		}
		chunks = append(chunks, p.words(line, limit, room)...)
	}
	if len(chunks) == 1 {
		p.out.WriteString(chunks[0])
		return
	}
	if level == 1 {
		p.out.WriteString("(")
	}
	for i, c := range chunks {
		if i > 0 {
			p.newline(indent)
		}
		p.out.WriteString(c)
	}
	if level == 1 {
		p.out.WriteString(")")
	}
}

// words cuts a line into pieces of words that fit; the last piece has less room.
func (p *pretty) words(line string, limit, room int) []string {
	var chunks []string
	parts := wordsWithSpace(line)
	piece := ""
	for i, part := range parts {
		fits := limit
		if i == len(parts)-1 {
			fits = room
		}
		if width(value.Repr(piece+part)) > fits {
			if piece != "" {
				chunks = append(chunks, value.Repr(piece))
			}
			piece = part
		} else {
			piece += part
		}
	}
	if piece != "" {
		chunks = append(chunks, value.Repr(piece))
	}
	return chunks
}

// wordsWithSpace cuts s into words, each with the white space behind it.
func wordsWithSpace(s string) []string {
	var parts []string
	for s != "" {
		i := strings.IndexFunc(s, isSpace)
		if i < 0 {
			return append(parts, s)
		}
		end := len(s) - len(strings.TrimLeftFunc(s[i:], isSpace))
		parts = append(parts, s[:end])
		s = s[end:]
	}
	return parts
}
