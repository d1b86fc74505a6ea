package conformance

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Things that occur in cases and are no values of the expression languages. Each
// caller makes of them what its own package has for it.
type (
	// Regex is a compiled pattern of Python.
	Regex struct {
		Pattern string
		Flags   int // 2 ignore case, 8 multi-line, 16 dot matches all, 64 verbose
	}
	// Model is an object of StackStorm's database, or one inside another.
	Model struct {
		Class    string
		Fields   *value.Dict
		Embedded bool
	}
	// Reference is a resource reference.
	Reference struct{ Pack, Name string }
	// Lookup is the object behind st2kv.system or st2kv.user.
	Lookup struct {
		Class, Scope    string
		User, KeyPrefix value.Value
		Cache           value.Value
	}
	// AESKey is a key of the datastore, as its JSON file has it.
	AESKey struct{ JSON string }
	// OID is an id of the database.
	OID struct{ Value string }
)

// TypeName implements [value.Object].
func (Regex) TypeName() string { return "Pattern" }

// TypeName implements [value.Object].
func (m *Model) TypeName() string { return m.Class }

// TypeName implements [value.Object].
func (Reference) TypeName() string { return "ResourceReference" }

// TypeName implements [value.Object].
func (l *Lookup) TypeName() string { return l.Class }

// TypeName implements [value.Object].
func (AESKey) TypeName() string { return "AESKey" }

// TypeName implements [value.Object].
func (OID) TypeName() string { return "ObjectId" }

// Has reports whether the record has the key.
func (c Case) Has(key string) bool { _, ok := c.Raw[key]; return ok }

// Value decodes what the record has at key; nil if it has nothing there.
func (c Case) Value(key string) (value.Value, error) {
	raw, ok := c.Raw[key]
	if !ok {
		return nil, nil
	}
	v, err := Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", key, err)
	}
	return v, nil
}

// Dict decodes what the record has at key, which is empty if it has nothing
// there.
func (c Case) Dict(key string) (*value.Dict, error) {
	v, err := c.Value(key)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil:
		return value.NewDict(), nil
	case *value.Dict:
		return v, nil
	}
	return nil, fmt.Errorf("decode %s: want an object, got %s", key, value.TypeName(v))
}

// Text returns the text that the record has at key, or "".
func (c Case) Text(key string) string {
	var s string
	if json.Unmarshal(c.Raw[key], &s) != nil {
		return ""
	}
	return s
}

// WantError returns the class and the message of the error that the reference
// answered, and whether it answered with one.
func (c Case) WantError() (class, message string, ok bool) {
	return c.Text("error"), c.Text("message"), c.Has("error")
}

// Decode decodes a recorded value: JSON in which an object with $type stands for
// what JSON lacks.
func Decode(raw json.RawMessage) (value.Value, error) {
	v, err := value.FromJSON(raw)
	if err != nil {
		return nil, err
	}
	return decode(v)
}

func decode(v value.Value) (value.Value, error) {
	switch v := v.(type) {
	case *value.List:
		for i, item := range v.Items {
			d, err := decode(item)
			if err != nil {
				return nil, err
			}
			v.Items[i] = d
		}
		return v, nil
	case *value.Dict:
		if t, ok := v.Get("$type"); ok {
			if name, ok := t.(string); ok {
				return decodeTyped(typed{name, v})
			}
		}
		for k, item := range v.Texts() {
			d, err := decode(item)
			if err != nil {
				return nil, err
			}
			v.Set(k, d)
		}
		return v, nil
	}
	return v, nil
}

// typed is an object with $type.
type typed struct {
	name string
	d    *value.Dict
}

func (t typed) text(key string) string {
	v, _ := t.d.Get(key)
	s, _ := v.(string)
	return s
}

func (t typed) int(key string) int64 {
	v, _ := t.d.Get(key)
	n, _ := v.(int64)
	return n
}

func (t typed) float(key string) float64 {
	v, _ := t.d.Get(key)
	switch v := v.(type) {
	case float64:
		return v
	case int64:
		return float64(v)
	}
	return 0
}

func (t typed) value(key string) (value.Value, error) {
	v, ok := t.d.Get(key)
	if !ok {
		return nil, nil
	}
	return decode(v)
}

func (t typed) list(key string) ([]value.Value, error) {
	v, err := t.value(key)
	if err != nil {
		return nil, err
	}
	l, ok := v.(*value.List)
	if !ok {
		return nil, fmt.Errorf("%s: want a list at %s", t.name, key)
	}
	return l.Items, nil
}

func (t typed) dict(key string) (*value.Dict, error) {
	v, err := t.value(key)
	if err != nil {
		return nil, err
	}
	d, ok := v.(*value.Dict)
	if !ok {
		return nil, fmt.Errorf("%s: want an object at %s", t.name, key)
	}
	return d, nil
}

func decodeTyped(t typed) (value.Value, error) {
	switch t.name {
	case "tuple", "namedtuple", "set", "dict":
		return decodeContainer(t)
	case "object":
		attrs, err := t.dict("attrs")
		return &value.Record{Class: t.text("class"), Attrs: attrs}, err
	case "model", "embedded":
		fields, err := t.dict("fields")
		return &Model{Class: t.text("class"), Fields: fields, Embedded: t.name == "embedded"}, err
	case "reference":
		return Reference{t.text("pack"), t.text("name")}, nil
	case "datastore_lookup":
		return decodeLookup(t)
	case "aes_key":
		return AESKey{t.text("json")}, nil
	case "oid":
		return OID{t.text("value")}, nil
	case "range":
		return value.Range{Start: t.int("start"), Stop: t.int("stop"), Step: t.int("step")}, nil
	case "bigint":
		n, ok := new(big.Int).SetString(t.text("value"), 10)
		if !ok {
			return nil, fmt.Errorf("bigint %q", t.text("value"))
		}
		return value.Int(n), nil
	case "float":
		f, err := strconv.ParseFloat(t.text("value"), 64)
		return f, err
	case "complex":
		return complex(t.float("real"), t.float("imag")), nil
	case "bytes":
		b, err := base64.StdEncoding.DecodeString(t.text("base64"))
		return value.Bytes(b), err
	case "regex":
		return Regex{t.text("pattern"), int(t.int("flags"))}, nil
	case "markup":
		return value.Markup(t.text("value")), nil
	case "timedelta":
		return value.TimeDelta(t.int("microseconds")), nil
	case "datetime", "date", "time":
		return decodeTime(t)
	}
	return nil, fmt.Errorf("unknown $type %q", t.name)
}

func decodeContainer(t typed) (value.Value, error) {
	items, err := t.list("items")
	if err != nil {
		return nil, err
	}
	switch t.name {
	case "set":
		return value.NewSet(items...)
	case "namedtuple":
		names, err := t.list("fields")
		if err != nil {
			return nil, err
		}
		n := &value.NamedTuple{Class: t.text("class"), Items: items}
		for _, name := range names {
			n.Fields = append(n.Fields, value.Str(name))
		}
		return n, nil
	case "dict":
		d := value.NewDictCap(len(items))
		for _, item := range items {
			pair, ok := item.(*value.List)
			if !ok || len(pair.Items) != 2 {
				return nil, fmt.Errorf("dict: want pairs")
			}
			if err := d.SetKey(pair.Items[0], pair.Items[1]); err != nil {
				return nil, err
			}
		}
		return d, nil
	}
	return value.Tuple(items), nil
}

func decodeLookup(t typed) (value.Value, error) {
	l := &Lookup{Class: t.text("class"), Scope: t.text("scope")}
	for key, to := range map[string]*value.Value{"user": &l.User, "key_prefix": &l.KeyPrefix, "cache": &l.Cache} {
		v, err := t.value(key)
		if err != nil {
			return nil, err
		}
		*to = v
	}
	return l, nil
}

func decodeTime(t typed) (value.Value, error) {
	iso := t.text("iso")
	switch t.name {
	case "date":
		d, err := time.Parse("2006-01-02", iso)
		return value.NewNaive(d).Date(), err
	case "time":
		d, err := time.Parse("15:04:05", iso)
		return value.NewNaive(d).TimeOfDay(), err
	}
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z07:00:00"} {
		if d, err := time.Parse(layout, iso); err == nil {
			return value.NewDateTime(d), nil
		}
	}
	d, err := time.Parse("2006-01-02T15:04:05", iso)
	return value.NewNaive(d), err
}

// nan reports whether v is a NaN.
func nan(v value.Value) bool {
	f, ok := v.(float64)
	return ok && math.IsNaN(f)
}
