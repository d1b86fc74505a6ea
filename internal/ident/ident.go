// Package ident makes the names of things that nobody names: 24 hexadecimal
// digits, as StackStorm's clients expect them, that sort by time of birth.
package ident

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"time"
)

// New returns a fresh id for something born at now. Its first four bytes are
// the second, the next three the fraction of it in steps of 60 ns, the last
// five are random: ids of one process sort as they were made, and no two
// processes need to agree on anything.
func New(now time.Time) string {
	var b [12]byte
	binary.BigEndian.PutUint32(b[0:], uint32(now.Unix()))
	frac := uint64(now.Nanosecond()) << 24 / 1_000_000_000
	b[4], b[5], b[6] = byte(frac>>16), byte(frac>>8), byte(frac)
	rand.Read(b[7:])
	return hex.EncodeToString(b[:])
}

var id = regexp.MustCompile(`^[0-9a-f]{24}$`)

// Valid reports whether s has the form of an id.
func Valid(s string) bool { return id.MatchString(s) }

// Time returns the second in which an id was made; zero when id is none.
func Time(id string) time.Time {
	b, err := hex.DecodeString(id)
	if err != nil || len(b) != 12 {
		return time.Time{}
	}
	return time.Unix(int64(binary.BigEndian.Uint32(b)), 0).UTC()
}
