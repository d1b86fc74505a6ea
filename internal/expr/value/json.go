package value

import "fmt"

// SortedJSON writes v as Python's json.dumps(v, sort_keys=True) does: keys in
// order, ", " and ": " between things, and nothing but ASCII. Equal values
// have equal texts, so it serves as a key.
func SortedJSON(v Value) ([]byte, error) {
	if d, ok := v.(*Dict); ok && d == nil {
		return []byte("{}"), nil
	}
	return AppendJSONOptions(nil, v, JSONOptions{SortKeys: true, Item: ", ", Key: ": ", ASCII: true})
}

// MarshalJSON writes d in its order.
func (d *Dict) MarshalJSON() ([]byte, error) {
	if d == nil {
		return []byte("null"), nil
	}
	return ToJSON(d)
}

// UnmarshalJSON reads an object and keeps its order.
func (d *Dict) UnmarshalJSON(b []byte) error {
	v, err := FromJSON(b)
	if err != nil {
		return err
	}
	read, ok := v.(*Dict)
	if !ok {
		return fmt.Errorf("want an object, have %s", TypeName(v))
	}
	*d = *read
	return nil
}
