package access

import (
	"container/list"
	"net/netip"
	"sync"
	"time"
)

// How many wrong passwords are free, and how long the waits become after those. An
// address may stand for a house full of people, so it has more of them.
const (
	freeOfPair     = 5
	freeOfAddress  = 30
	longestPair    = time.Minute
	longestAddress = 5 * time.Second
	forgotten      = 15 * time.Minute // after the last wrong one
	remembered     = 10_000           // pairs, and as many addresses
)

// Throttle makes those who guess passwords wait longer and longer. Waits are for one
// user from one address, and shorter ones for an address, whoever is tried from there.
// So nobody is locked out by what others do elsewhere; and who has logged in from an
// address before does not wait for what others there do.
//
// It remembers a bounded number of pairs and addresses, and forgets those that were
// quiet for the longest. The zero value is ready for use; it is safe for concurrent use.
type Throttle struct {
	mu        sync.Mutex
	pairs     tries // guarded by mu
	addresses tries // guarded by mu
}

// Wait is how long a user has to wait for the next try from an address.
func (t *Throttle) Wait(user, address string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	pair := t.pairs.get(pairOf(user, address))
	if pair != nil && pair.right {
		return pair.next.Sub(now)
	}
	var next time.Time
	if pair != nil {
		next = pair.next
	}
	if a := t.addresses.get(network(address)); a != nil && a.next.After(next) {
		next = a.next
	}
	return next.Sub(now)
}

// Wrong notes a wrong password.
func (t *Throttle) Wrong(user, address string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pairs.put(pairOf(user, address)).wrongAt(now, freeOfPair, longestPair)
	t.addresses.put(network(address)).wrongAt(now, freeOfAddress, longestAddress)
}

// Right notes a right password.
func (t *Throttle) Right(user, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*t.pairs.put(pairOf(user, address)) = try{right: true}
}

func pairOf(user, address string) string { return user + "\x00" + network(address) }

// network is what one who guesses has of addresses: one of the old ones, and no less
// than a /64 of the new ones.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || a.Unmap().Is4() {
		return address
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return p.String()
}

// try is what is known of the tries for a pair or an address.
type try struct {
	wrong int
	next  time.Time // no try counts before
	last  time.Time
	right bool // there was a right one
}

func (t *try) wrongAt(now time.Time, free int, longest time.Duration) {
	if now.Sub(t.last) > forgotten {
		t.wrong = 0
	}
	t.wrong++
	t.last = now
	if over := t.wrong - free; over >= 0 {
		t.next = now.Add(min(time.Second<<min(over, 10), longest))
	}
}

// tries are by pair or address, the latest in front.
type tries struct {
	byName map[string]*list.Element
	order  list.List // of named
}

type named struct {
	name string
	try
}

func (t *tries) get(name string) *try {
	e := t.byName[name]
	if e == nil {
		return nil
	}
	return &e.Value.(*named).try //nolint:forcetypeassert // see put
}

func (t *tries) put(name string) *try {
	if e := t.byName[name]; e != nil {
		t.order.MoveToFront(e)
		return t.get(name)
	}
	if t.byName == nil {
		t.byName = map[string]*list.Element{}
	}
	if len(t.byName) >= remembered {
		last := t.order.Back()
		delete(t.byName, t.order.Remove(last).(*named).name) //nolint:forcetypeassert // see below
	}
	t.byName[name] = t.order.PushFront(&named{name: name})
	return t.get(name)
}
