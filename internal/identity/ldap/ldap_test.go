package ldap_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/identity"
	"github.com/nightshift-run/nightshift/internal/identity/ldap"
)

// A real directory is asked in e2e; here are those that do not answer.

func TestADirectoryThatDoesNotAnswerSaysNothing(t *testing.T) {
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close() //nolint:errcheck // a test
	gone, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close() //nolint:errcheck // a test
	for name, server := range map[string]string{
		"takes no connection":     "ldap://" + gone.Addr().String(),
		"says nothing":            "ldap://" + silent.Addr().String(),
		"says nothing in TLS":     "ldaps://" + silent.Addr().String(),
		"is no place at all":      "ldap://nowhere.invalid",
		"has a URL of some other": "http://" + gone.Addr().String(),
	} {
		for _, startTLS := range []bool{false, true} {
			d := ldap.New(ldap.Options{Servers: []string{server}, StartTLS: startTLS, UserDN: "uid={user},dc=x", Timeout: 300 * time.Millisecond})
			start := time.Now()
			p, err := d.Check(t.Context(), "ada", "secret")
			if err == nil || errors.Is(err, identity.ErrUnknown) || errors.Is(err, identity.ErrWrong) || p.Name != "" {
				t.Errorf("a server that %s: %+v, %v", name, p, err)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("a server that %s holds a log-in for %v", name, took)
			}
		}
	}
}
