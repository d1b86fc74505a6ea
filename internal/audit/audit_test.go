package audit_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/audit"
)

func log(n int) []audit.Entry {
	var head audit.Head
	var out []audit.Entry
	for i := range n {
		e := head.Next(fmt.Appendf(nil, `{"user": "u%d"}`, i))
		out = append(out, e)
		head = audit.Head{Seq: e.Seq, Hash: e.Hash}
	}
	return out
}

func follow(entries []audit.Entry) (head audit.Head, err error) {
	for _, e := range entries {
		if head, err = head.Follow(e); err != nil {
			return head, err
		}
	}
	return head, nil
}

func TestWhatIsDoneToALogIsFound(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(entries []audit.Entry) []audit.Entry
		want string
	}{
		"nothing": {func(e []audit.Entry) []audit.Entry { return e }, ""},
		"changed": {func(e []audit.Entry) []audit.Entry {
			e[3].Record = json.RawMessage(`{"user": "somebody else"}`)
			return e
		}, "entry 4 is not as it was"},
		"removed":                {func(e []audit.Entry) []audit.Entry { return slices.Delete(e, 3, 5) }, "after entry 3 comes entry 6: 2 are missing"},
		"removed from the front": {func(e []audit.Entry) []audit.Entry { return e[1:] }, "after entry 0 comes entry 2: 1 are missing"},
		"removed, and counted anew": {func(e []audit.Entry) []audit.Entry {
			e = slices.Delete(e, 3, 4)
			for i := range e {
				e[i].Seq = int64(i + 1)
			}
			return e
		}, "entry 4 does not follow entry 3"},
		"put in": {func(e []audit.Entry) []audit.Entry {
			in := audit.Head{Seq: 3, Hash: e[2].Hash}.Next([]byte(`{}`))
			return slices.Insert(e, 3, in)
		}, "after entry 4 comes entry 4"},
		"exchanged": {func(e []audit.Entry) []audit.Entry {
			e[3].Record, e[4].Record = e[4].Record, e[3].Record
			return e
		}, "entry 4 is not as it was"},
		"made anew in part": {func(e []audit.Entry) []audit.Entry {
			e[3] = audit.Head{Seq: 3, Hash: e[2].Hash}.Next([]byte(`{}`))
			return e
		}, "entry 5 does not follow entry 4"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := follow(tt.do(log(8)))
			if (err == nil) != (tt.want == "") || err != nil && !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestAHeadIsReadAsItWasWritten(t *testing.T) {
	head, err := follow(log(3))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := audit.ParseHead(head.String()); err != nil || got != head {
		t.Errorf("%v, %v, want %v", got, err, head)
	}
	for _, text := range []string{"", "3", "x " + head.Hash, "3 abc"} {
		if _, err := audit.ParseHead(text); err == nil {
			t.Errorf("%q is a head", text)
		}
	}
}

func TestARecordIsBounded(t *testing.T) {
	changes := slices.Repeat([]audit.Change{{Kind: "rule", After: json.RawMessage(`"` + strings.Repeat("x", 20_000) + `"`)}}, 101)
	kept, more := audit.Bounded(changes)
	b, err := json.Marshal(kept)
	if err != nil || len(kept) != 100 || more != 1 || len(b) > 20_000 || !strings.Contains(string(b), `"bytes":20002`) {
		t.Errorf("%d kept, %d more, %d bytes, %v", len(kept), more, len(b), err)
	}
	if len(changes[0].After) != 20_002 {
		t.Error("what was given is changed")
	}
}
