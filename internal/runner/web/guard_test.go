package web

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

func TestWhereRequestsMayGo(t *testing.T) {
	for address, levels := range map[string]string{ // at which they may not
		"93.184.216.34": "", "2606:2800:220:1::1": "",
		"169.254.169.254": "metadata private", "::ffff:169.254.169.254": "metadata private", "64:ff9b::a9fe:a9fe": "metadata private",
		"fe80::1%eth0": "metadata private", "fd00:ec2::254": "metadata private", "100.100.100.200": "metadata private", "168.63.129.16": "metadata private",
		"127.0.0.1": "private", "::1": "private", "10.1.2.3": "private", "172.16.0.1": "private", "192.168.0.1": "private", "fd12::1": "private",
		"0.0.0.0": "private", "0.1.2.3": "private", "::": "private", "100.64.0.1": "private", "224.0.0.1": "private", "255.255.255.255": "private",
		"::ffff:127.0.0.1": "private", "2002:7f00:1::": "private", "198.18.0.1": "private",
	} {
		for _, level := range []string{"", GuardOff, GuardMetadata, GuardPrivate} {
			err := Guard{Level: level}.check(netip.MustParseAddr(address))
			if want := level != "" && strings.Contains(levels, level); (err != nil) != want {
				t.Errorf("%s with %q: %v", address, level, err)
			}
			if err := (Guard{Level: level, Allow: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}}).check(netip.MustParseAddr(address)); err != nil {
				t.Errorf("%s is allowed: %v", address, err)
			}
		}
	}
}

func TestNoWayAroundTheGuard(t *testing.T) {
	asked := 0
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer inside.Close()
	_, port, err := net.SplitHostPort(inside.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.2:0") // an address that is allowed, and leads elsewhere
	if err != nil {
		t.Fatal(err)
	}
	outside := httptest.NewUnstartedServer(http.RedirectHandler(inside.URL, http.StatusFound))
	outside.Listener = listener
	outside.Start()
	defer outside.Close()
	r := New(Options{Guard: Guard{Level: GuardPrivate, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}}})
	defer r.Close()
	for name, params := range map[string]map[string]value.Value{
		"an address":           {"url": inside.URL},
		"a name":               {"url": "http://localhost:" + port},
		"an address as number": {"url": "http://2130706433:" + port},
		"all interfaces":       {"url": "http://0.0.0.0:" + port},
		"the new kind":         {"url": "http://[::ffff:127.0.0.1]:" + port},
		"TLS":                  {"url": "https://localhost:" + port},
		"a redirect":           {"url": outside.URL, "allow_redirects": true},
		"a proxy":              {"url": "http://example.invalid/", "http_proxy": inside.URL},
		"by a proxy":           {"url": "http://169.254.169.254/", "http_proxy": "http://proxy.invalid:3128"},
	} {
		d := value.NewDict()
		for k, v := range params {
			d.Set(k, v)
		}
		got := r.Run(t.Context(), runner.Task{Action: "p.a", RunnerParameters: d, ActionParameters: value.NewDict()}, nil)
		if got.Status != execution.Failed || asked > 0 {
			t.Errorf("%s: %s, asked %d times", name, got.Status, asked)
		}
	}
	allowed := New(Options{Guard: Guard{Level: GuardPrivate, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}})
	defer allowed.Close()
	d := value.NewDict()
	d.Set("url", inside.URL)
	if got := allowed.Run(t.Context(), runner.Task{Action: "p.a", RunnerParameters: d, ActionParameters: value.NewDict()}, nil); got.Status != execution.Succeeded || asked != 1 {
		t.Errorf("what is allowed: %+v, asked %d times", got, asked)
	}
}
