package native

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math/big"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// Builtins returns the functions that need nothing of the server:
//
//	pause  waits for max_pause seconds, or with random for 1 to max_pause, and
//	       returns how long it was to wait
//	uuid   returns a new UUID of uuid_type, uuid4 or uuid1
//	dig    returns what the program dig answers to hostname and querytype
func Builtins() map[string]Func {
	return map[string]Func{"pause": pause, "uuid": newUUID, "dig": dig}
}

// pause waits.
func pause(ctx context.Context, c Call, _ runner.Output) (value.Value, error) {
	given, _ := c.Parameters.Get("max_pause")
	seconds, ok := given.(int64)
	if !ok || seconds < 0 {
		return nil, fmt.Errorf("max_pause is %s, not a number of seconds", value.Repr(given))
	}
	if random, _ := c.Parameters.Get("random"); value.Truth(random) {
		if seconds < 1 {
			return nil, fmt.Errorf("max_pause is %d: a random pause needs at least 1", seconds)
		}
		n, err := rand.Int(rand.Reader, big.NewInt(seconds))
		if err != nil {
			return nil, fmt.Errorf("choose a random pause: %w", err)
		}
		seconds = n.Int64() + 1
	}
	const longest = int64(1<<63-1) / int64(time.Second)
	timer := time.NewTimer(time.Duration(min(seconds, longest)) * time.Second)
	defer timer.Stop()
	select {
	case <-timer.C:
		return seconds, nil
	case <-ctx.Done():
		return nil, errStopped
	}
}

// newUUID makes a UUID (RFC 9562).
func newUUID(_ context.Context, c Call, _ runner.Output) (value.Value, error) {
	kind, given := c.Parameters.Get("uuid_type")
	if !given || kind == nil {
		kind = "uuid4"
	}
	var u [16]byte
	_, _ = rand.Read(u[:]) // never fails
	switch kind {
	case "uuid4":
		u[6] = 4<<4 | u[6]&0x0F
	case "uuid1":
		// A time in units of 100 ns since the calendar began in 1582, and a random
		// node instead of a hardware address, marked as one.
		const began = 0x01B21DD213814000
		ticks := uint64(time.Now().UnixNano()/100) + began
		binary.BigEndian.PutUint32(u[0:], uint32(ticks))
		binary.BigEndian.PutUint16(u[4:], uint16(ticks>>32))
		binary.BigEndian.PutUint16(u[6:], uint16(ticks>>48)&0x0FFF|1<<12)
		u[10] |= 1
	default:
		return nil, fmt.Errorf("unknown uuid_type %s: there are uuid1 and uuid4", value.Repr(kind))
	}
	u[8] = 0x80 | u[8]&0x3F
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:]), nil
}
