package check_test

import (
	"context"
	"net"
	"testing"

	"github.com/nightshift-run/nightshift/internal/probe"
	"github.com/nightshift-run/nightshift/internal/prober/check"
)

func TestTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	expect(t, made(t, probe.TCPCheck, `{"address": "`+address+`"}`), probe.Well, "ok", address)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, made(t, probe.TCPCheck, `{"address": "`+address+`"}`), probe.Failed, "unreachable", "refused")

	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	o := check.New(check.Options{}).Check(late, &probe.TCP{Address: address})
	expect(t, o, probe.Failed, "timeout", "")
}
