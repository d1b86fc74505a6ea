package timer_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/timer"
)

// params reads a flat JSON object.
func params(t *testing.T, text string) *value.Dict {
	t.Helper()
	var m map[string]any
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&m); err != nil {
		t.Fatalf("params %s: %v", text, err)
	}
	d := value.NewDict()
	for k, v := range m {
		if n, ok := v.(json.Number); ok {
			v = number(n)
		}
		d.Set(k, v)
	}
	return d
}

func number(n json.Number) value.Value {
	if i, err := n.Int64(); err == nil {
		return i
	}
	if b, ok := new(big.Int).SetString(n.String(), 10); ok {
		return b
	}
	f, _ := n.Float64()
	return f
}

// TestCronFiresAsAPSchedulerDoes replays what testdata/generate.py recorded.
func TestCronFiresAsAPSchedulerDoes(t *testing.T) {
	text, err := os.ReadFile("testdata/cron.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); n++ {
		var c struct {
			Params json.RawMessage
			After  time.Time
			Next   []time.Time
			End    *bool
			Error  bool
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
		t.Run(fmt.Sprintf("%d %s after %s", n+1, c.Params, c.After.Format(time.RFC3339)), func(t *testing.T) {
			s, err := timer.Parse(timer.CronTimer, params(t, string(c.Params)))
			if c.Error {
				if fault.KindOf(err) != fault.Invalid {
					t.Fatalf("got %v, want an invalid fault", err)
				}
				return
			}
			if err != nil {
				t.Fatalf("refused: %v", err)
			}
			got := []time.Time{}
			moment, more := c.After, true
			for range c.Next {
				before := moment
				if moment, more = s.Next(moment); !more {
					break
				}
				if !moment.After(before) {
					t.Fatalf("Next(%v) = %v, which is not after it", before, moment)
				}
				got = append(got, moment)
			}
			if diff := cmp.Diff(c.Next, got); diff != "" {
				t.Errorf("firings (-want +got):\n%s", diff)
			}
			if c.End != nil && *c.End && more {
				if next, ok := s.Next(moment); ok {
					t.Errorf("fires once more at %v, want no more", next)
				}
			}
		})
	}
	if n < 200 {
		t.Errorf("%d cases, want 200 or more: is testdata/cron.jsonl whole?", n)
	}
}

// TestCronNeverHangs asks for days that no calendar has, and for those so rare
// that the search is long.
func TestCronNeverHangs(t *testing.T) {
	tests := map[string]bool{
		`{"month": 2, "day": 30}`:                                                          false,
		`{"week": 1, "month": "feb-nov"}`:                                                  false,
		`{"week": 53, "month": "feb-nov"}`:                                                 false,
		`{"year": "1971/2", "month": 2, "day": 29}`:                                        false,
		`{"year": "1971/2", "month": 1, "day": 1, "week": 53}`:                             true,
		`{"year": "2027", "week": "2-51", "month": 12, "day": "29-31"}`:                    false,
		`{"year": "9999", "month": 12, "day": 31, "hour": 23, "minute": 59, "second": 59}`: true,
		`{"year": "*/4", "month": 2, "day": 29, "day_of_week": "mon"}`:                     false, // 1970, 1974 …
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			s, err := timer.Parse(timer.CronTimer, params(t, text))
			if err != nil {
				t.Fatal(err)
			}
			at, ok := s.Next(time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC))
			if ok != want {
				t.Errorf("Next = %v, %v, want %v", at, ok, want)
			}
		})
	}
}

func TestCronBeyondTheLastYear(t *testing.T) {
	s, err := timer.Parse(timer.CronTimer, params(t, `{"hour": "*", "timezone": "Pacific/Auckland"}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range []time.Time{
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		if at, ok := s.Next(after); ok {
			t.Errorf("Next(%v) = %v, want none", after, at)
		}
	}
	if at, ok := s.Next(time.Time{}); !ok || at.Year() != 1969 && at.Year() != 1970 {
		t.Errorf("Next of the zero time = %v, %v, want the beginning of 1970", at, ok)
	}
}
