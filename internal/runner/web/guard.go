package web

import (
	"fmt"
	"net/netip"
	"syscall"
)

// The guards that there are against requests to where they were not meant to go: their
// addresses come from events, and who makes events is not always known.
const (
	GuardOff      = "off"      // to wherever an action says
	GuardMetadata = "metadata" // not to link-local addresses, where clouds give away credentials
	GuardPrivate  = "private"  // only to addresses of the whole world
)

// Guard says to which addresses requests may go. The zero value allows all.
type Guard struct {
	Level string
	// Allow are networks that are allowed all the same.
	Allow []netip.Prefix
}

// metadata are addresses at which clouds give credentials to whoever asks, besides those
// that are link-local.
var metadata = []netip.Addr{ //nolint:gochecknoglobals // they do not change
	netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("168.63.129.16"),
}

// nowhere are networks that are not of the whole world, besides those that [netip.Addr]
// knows: shared, of documentation, of measurements, of transition.
var nowhere = []netip.Prefix{ //nolint:gochecknoglobals // they do not change
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
}

var nat64 = netip.MustParsePrefix("64:ff9b::/96") //nolint:gochecknoglobals // it does not change

// check returns an error if requests may not go to an address.
func (g Guard) check(address netip.Addr) error {
	if g.Level == "" || g.Level == GuardOff {
		return nil
	}
	address = address.Unmap().WithZone("")
	if nat64.Contains(address) { // which leads to the address of the old kind at its end
		b := address.As16()
		address = netip.AddrFrom4([4]byte(b[12:]))
	}
	for _, n := range g.Allow {
		if n.Contains(address) {
			return nil
		}
	}
	denied := address.IsLinkLocalUnicast()
	for _, a := range metadata {
		denied = denied || a == address
	}
	if g.Level == GuardPrivate {
		denied = denied || !address.IsGlobalUnicast() || address.IsPrivate()
		for _, n := range nowhere {
			denied = denied || n.Contains(address)
		}
	}
	if denied {
		return fmt.Errorf("requests to %s are not allowed here (outbound.guard is %s); outbound.allow can allow it", address, g.Level)
	}
	return nil
}

// control is asked before each connection, with the address that is really dialled: what
// a name meant a moment ago, or where a redirect leads, does not matter then.
func (g Guard) control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address to connect to: %w", err)
	}
	return g.check(to.Addr())
}
