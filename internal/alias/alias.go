// Package alias knows what people write in a chat to run an action: the formats
// of action aliases, which of them a command fits, and what it gives the action.
//
// A format is a regular expression as Python has them, in which {{name}} stands
// for a parameter and {{name=default}} for one that may be left out, with the
// space before it. After what the format says, a command may name further
// parameters as name=value. All here are functions of values; what is written
// may come from anybody, so that each match has an end ([pyre.Regexp.Limit]).
package alias

import (
	"fmt"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// An Alias lets people run an action with words of their own.
type Alias struct {
	ID                  string      `json:"id"`
	UID                 string      `json:"uid"`
	Ref                 string      `json:"ref"`
	Pack                string      `json:"pack"`
	Name                string      `json:"name"`
	Description         string      `json:"description"`
	Enabled             bool        `json:"enabled"`
	ActionRef           string      `json:"action_ref"`
	Formats             Formats     `json:"formats"`
	Ack                 *value.Dict `json:"ack"`
	Result              *value.Dict `json:"result"`
	Extra               *value.Dict `json:"extra"`
	ImmutableParameters *value.Dict `json:"immutable_parameters"`
	MetadataFile        string      `json:"metadata_file"`
}

// Formats are what an alias may be called by, as written: see [FormatOf].
type Formats []value.Value

// MarshalJSON implements [json.Marshaler].
func (f Formats) MarshalJSON() ([]byte, error) { return value.ToJSON(value.NewList(f...)) }

// UnmarshalJSON implements [json.Unmarshaler].
func (f *Formats) UnmarshalJSON(b []byte) error {
	v, err := value.FromJSON(b)
	if err != nil {
		return err
	}
	switch v := v.(type) {
	case nil:
		*f = nil
	case *value.List:
		*f = v.Items
	default:
		return fmt.Errorf("formats is %s, and not a list", value.TypeName(v))
	}
	return nil
}

// A Format is what an alias may be called by.
type Format struct {
	Display         string   // how help shows it; empty: not at all
	Representations []string // what commands are matched with
	Multiple        bool     // each place in a command that fits runs the action once
}

// FormatOf reads a format as it is written: a text, or a dict of display,
// representation (a text or a list of them) and match_multiple.
func FormatOf(v value.Value) (Format, error) {
	switch v := v.(type) {
	case string:
		return Format{Display: v, Representations: []string{v}}, nil
	case *value.Dict:
		f := Format{Display: textAt(v, "display"), Representations: []string{}}
		if multiple, ok := v.Get("match_multiple"); ok {
			f.Multiple = value.Truth(multiple)
		}
		switch r, _ := v.Get("representation"); r := r.(type) {
		case string:
			f.Representations = append(f.Representations, r)
		case *value.List:
			for _, item := range r.Items {
				f.Representations = append(f.Representations, value.Str(item))
			}
		}
		return f, nil
	default:
		return Format{}, fmt.Errorf("a format is a text or a mapping, and not %s", value.Repr(v))
	}
}

func textAt(d *value.Dict, key string) string {
	if v, _ := d.Get(key); v != nil {
		return value.Str(v)
	}
	return ""
}

// formats returns those of a that can be read.
func (a *Alias) formats() []Format {
	out := make([]Format, 0, len(a.Formats))
	for _, v := range a.Formats {
		if f, err := FormatOf(v); err == nil {
			out = append(out, f)
		}
	}
	return out
}
