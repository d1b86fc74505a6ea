package access

import (
	"fmt"
	"testing"
	"time"
)

func TestGuessingTakesLongerAndLonger(t *testing.T) {
	var th Throttle
	now := time.Date(2026, 11, 29, 2, 0, 0, 0, time.UTC)
	var waits []time.Duration
	for range freeOfPair + 8 {
		waits = append(waits, th.Wait("ada", "192.0.2.1", now))
		th.Wrong("ada", "192.0.2.1", now)
	}
	for i, w := range waits {
		switch {
		case i < freeOfPair && w > 0:
			t.Errorf("try %d, which is free, waits %v", i, w)
		case i >= freeOfPair && w != min(time.Second<<(i-freeOfPair), time.Minute):
			t.Errorf("try %d waits %v", i, w)
		}
	}
	if w := th.Wait("ada", "192.0.2.1", now.Add(time.Minute)); w > 0 {
		t.Errorf("after the wait: %v", w)
	}
	th.Wrong("ada", "192.0.2.1", now.Add(time.Minute))
	if w := th.Wait("ada", "192.0.2.1", now.Add(time.Minute)); w != time.Minute {
		t.Errorf("a wrong one after the wait: %v, want a minute", w)
	}
	later := now.Add(time.Hour)
	th.Wrong("ada", "192.0.2.1", later)
	if w := th.Wait("ada", "192.0.2.1", later); w > 0 {
		t.Errorf("after an hour of quiet one wrong password costs %v", w)
	}
}

func TestNobodyIsLockedOutByOthers(t *testing.T) {
	var th Throttle
	now := time.Date(2026, 11, 29, 2, 0, 0, 0, time.UTC)
	th.Right("ada", "192.0.2.1")
	for i := range 1000 {
		th.Wrong("ada", fmt.Sprintf("198.51.100.%d", i%250), now)
		th.Wrong(fmt.Sprintf("user%d", i), "192.0.2.1", now)
	}
	for address, what := range map[string]string{
		"192.0.2.1": "who was let in here before waits for what others here do",
		"192.0.2.9": "who is attacked from elsewhere waits here",
	} {
		if w := th.Wait("ada", address, now); w > 0 {
			t.Errorf("%s: %v", what, w)
		}
	}
	if w := th.Wait("grace", "192.0.2.1", now); w != longestAddress {
		t.Errorf("somebody new at an address that guesses waits %v, want %v", w, longestAddress)
	}
}

func TestAddressesOfOneNetworkAreOne(t *testing.T) {
	var th Throttle
	now := time.Now()
	for i := range 10 {
		th.Wrong("ada", fmt.Sprintf("2001:db8::%x", i), now)
	}
	if w := th.Wait("ada", "2001:db8::ffff", now); w <= 0 {
		t.Error("who has a network of addresses waits at none of them")
	}
	if w := th.Wait("ada", "2001:db8:0:1::1", now); w > 0 {
		t.Errorf("the next network waits %v", w)
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	var th Throttle
	now := time.Now()
	th.Wrong("first", "192.0.2.1", now)
	for i := range 3 * remembered {
		th.Wrong(fmt.Sprint("user", i), fmt.Sprint("host", i), now)
		if i%100 == 0 {
			th.Wrong("guessed", "192.0.2.2", now) // stays in mind
		}
	}
	if n, m := len(th.pairs.byName), len(th.addresses.byName); n > remembered || m > remembered || th.pairs.order.Len() != n {
		t.Errorf("%d pairs and %d addresses are remembered", n, m)
	}
	if th.Wait("guessed", "192.0.2.2", now) != longestPair {
		t.Error("who goes on guessing is forgotten among many others")
	}
}
