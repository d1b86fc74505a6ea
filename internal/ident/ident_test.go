package ident_test

import (
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/ident"
)

func TestIDsSortByTimeAndDiffer(t *testing.T) {
	now := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	last := ""
	for i := range 2000 {
		id := ident.New(now.Add(time.Duration(i) * time.Microsecond))
		if !ident.Valid(id) {
			t.Fatalf("%q is not a valid id", id)
		}
		if id <= last {
			t.Fatalf("id %d: %s does not sort after %s", i, id, last)
		}
		last = id
	}
	if a, b := ident.New(now), ident.New(now); a == b {
		t.Errorf("two ids of one moment are both %s", a)
	}
}

func TestValid(t *testing.T) {
	for s, want := range map[string]bool{
		"65f0c0ffee0123456789abcd": true, "65F0C0FFEE0123456789ABCD": false,
		"": false, "core.local": false, "65f0c0ffee0123456789abc": false,
	} {
		if got := ident.Valid(s); got != want {
			t.Errorf("Valid(%q) = %v, want %v", s, got, want)
		}
	}
}
