// Package audit says what the log of changes has on record, and how its entries are
// chained: each holds the hash of the one before, so that none can be changed, taken out
// or put in without all that follow being made anew. Whoever has kept the hash of one
// entry elsewhere knows that everything up to it is as it was.
package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// What became of a request.
const (
	Done    = "done"
	Refused = "refused"
)

// Credentials of what nobody asks for through the API.
const (
	Server = "the server itself"
	Folder = "the data folder" // of commands that need no server, but its data
)

// A Record says who did what. Values that are secret are masked in it.
type Record struct {
	At         time.Time `json:"at"`
	User       string    `json:"user"`                // as the request was recognised, or calls itself when it was not
	Credential string    `json:"credential"`          // what it showed: password, authentication token, API key, token of an execution
	Execution  string    `json:"execution,omitempty"` // whose token it was
	Address    string    `json:"address"`
	Client     string    `json:"client,omitempty"` // as the client calls itself
	Request    string    `json:"request_id"`
	Method     string    `json:"method"`
	Route      string    `json:"route"`
	Object     string    `json:"object,omitempty"` // what fills the places of the route
	Origin     string    `json:"origin,omitempty"` // of what nobody asked for through the API: files, a directory, a command on the machine
	Permission string    `json:"permission,omitempty"`
	Outcome    string    `json:"outcome"`
	Reason     string    `json:"reason,omitempty"` // of a refusal
	Missed     int       `json:"missed,omitempty"` // refusals of the same address before, which were too many to be kept
	Changes    []Change  `json:"changes,omitempty"`
	More       int       `json:"more_changes,omitempty"` // which were too many to be kept
}

// A Change is one thing before and after; nil is that it was not there.
type Change struct {
	Kind   string          `json:"kind"`
	Object string          `json:"object"`
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// What of one record is kept at most.
const (
	MaxChanges = 100
	maxBody    = 16 << 10
)

// Bounded returns changes without what is too many or too large.
func Bounded(changes []Change) (kept []Change, more int) {
	if len(changes) > MaxChanges {
		changes, more = changes[:MaxChanges], len(changes)-MaxChanges
	}
	kept = make([]Change, len(changes))
	for i, c := range changes {
		c.Before, c.After = bounded(c.Before), bounded(c.After)
		kept[i] = c
	}
	return kept, more
}

// Digest returns what b can be compared with another text by, and nothing of it.
func Digest(b json.RawMessage) json.RawMessage {
	if b == nil {
		return nil
	}
	sum := sha256.Sum256(b)
	return json.RawMessage(fmt.Sprintf(`{"bytes": %d, "sha256": %q}`, len(b), hex.EncodeToString(sum[:])))
}

// bounded returns b, or what can still be compared with another text when b is too long.
func bounded(b json.RawMessage) json.RawMessage {
	if len(b) <= maxBody {
		return b
	}
	return Digest(b)
}

// An Entry is a record in its place. The text of the record is what is hashed, so it must
// not be written anew.
type Entry struct {
	Seq      int64           `json:"seq"`
	Previous string          `json:"previous"` // hash of the entry before; empty for the first
	Hash     string          `json:"hash"`
	Record   json.RawMessage `json:"record"`
}

// Next returns the entry of a record that follows a head.
func (h Head) Next(record []byte) Entry {
	e := Entry{Seq: h.Seq + 1, Previous: h.Hash, Record: record}
	e.Hash = e.sum()
	return e
}

func (e Entry) sum() string {
	s := sha256.New()
	s.Write([]byte(e.Previous + "\n" + strconv.FormatInt(e.Seq, 10) + "\n"))
	s.Write(e.Record)
	return hex.EncodeToString(s.Sum(nil))
}

// A Head is where a log has come to: its last entry. The zero Head is that of a log
// without any.
type Head struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// Follow returns the head after an entry, or says why that does not follow h.
func (h Head) Follow(e Entry) (Head, error) {
	switch {
	case e.Seq > h.Seq+1:
		return h, fmt.Errorf("after entry %d comes entry %d: %d are missing", h.Seq, e.Seq, e.Seq-h.Seq-1)
	case e.Seq != h.Seq+1:
		return h, fmt.Errorf("after entry %d comes entry %d", h.Seq, e.Seq)
	case e.Previous != h.Hash:
		return h, fmt.Errorf("entry %d does not follow entry %d: that one, or all before it, is not as it was", e.Seq, h.Seq)
	case e.sum() != e.Hash:
		return h, fmt.Errorf("entry %d is not as it was", e.Seq)
	}
	return Head{e.Seq, e.Hash}, nil
}

// String is how a head is written down.
func (h Head) String() string { return strconv.FormatInt(h.Seq, 10) + " " + h.Hash }

// ParseHead reads what [Head.String] wrote.
func ParseHead(text string) (Head, error) {
	var h Head
	if n, err := fmt.Sscan(text, &h.Seq, &h.Hash); n != 2 || err != nil || len(h.Hash) != 2*sha256.Size {
		return h, fmt.Errorf("%q is no head of an audit log: a number and 64 hexadecimal digits", text)
	}
	return h, nil
}
