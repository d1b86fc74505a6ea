package check_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/probe"
	"github.com/nightshift-run/nightshift/internal/prober/check"
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	a.cert, a.key = a.sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "the authority"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	return a
}

// sign makes a certificate; the first one signs itself.
func (a *authority) sign(t *testing.T, cert *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert.SerialNumber, cert.NotBefore = big.NewInt(time.Now().UnixNano()), time.Now().Add(-90*24*time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = cert, key
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return signed, key
}

// serve shows a certificate for a name that is good for so many days, and returns
// where.
func (a *authority) serve(t *testing.T, name string, days float64) string {
	t.Helper()
	cert, key := a.sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotAfter: time.Now().Add(time.Duration(days * 24 * float64(time.Hour))),
	})
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}} //nolint:gosec // a test
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestTLS(t *testing.T) {
	ours, other := newAuthority(t), newAuthority(t)
	roots := x509.NewCertPool()
	roots.AddCert(ours.cert)
	tests := map[string]struct {
		by      *authority
		days    float64 // that it is good for
		probe   probe.TLS
		verdict probe.Verdict
		reason  string
		message string
	}{
		"good":                  {ours, 30, probe.TLS{ServerName: "web", Days: 14, Verify: true}, probe.Well, "ok", "good for 30.0 days"},
		"expires soon":          {ours, 13.9, probe.TLS{ServerName: "web", Days: 14, Verify: true}, probe.Failed, "expiring", "expires in 13.9 days"},
		"has expired":           {ours, -2, probe.TLS{ServerName: "web", Days: 14, Verify: true}, probe.Failed, "expired", "2.0 days ago"},
		"for another name":      {ours, 30, probe.TLS{ServerName: "db", Days: 14, Verify: true}, probe.Failed, "untrusted", "not db"},
		"by somebody else":      {other, 30, probe.TLS{ServerName: "web", Days: 14, Verify: true}, probe.Failed, "untrusted", "unknown authority"},
		"whoever it is by":      {other, 30, probe.TLS{ServerName: "db", Days: 14}, probe.Well, "ok", ""},
		"for the address":       {ours, 30, probe.TLS{Days: 14, Verify: true}, probe.Failed, "untrusted", "127.0.0.1"},
		"expired and untrusted": {other, -2, probe.TLS{Days: 14, Verify: true}, probe.Failed, "expired", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.probe.Address, tt.probe.Schedule = tt.by.serve(t, "web", tt.days), probe.Schedule{For: 1}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			o := check.New(check.Options{Roots: roots}).Check(ctx, &tt.probe)
			expect(t, o, tt.verdict, tt.reason, tt.message)
			fits(t, probe.TLSCheck, &tt.probe, o)
			if o.Facts["subject"] != "CN=web" || o.Facts["issuer"] != "CN=the authority" {
				t.Errorf("facts %v", o.Facts)
			}
			if left := o.Facts["days_left"].(float64); left < tt.days-0.01 || left > tt.days {
				t.Errorf("%v days are left, want %v", left, tt.days)
			}
		})
	}
	t.Run("nothing is known of one that can't be seen", func(t *testing.T) {
		expect(t, made(t, probe.TLSCheck, `{"address": "`+nobody(t)+`"}`), probe.Unknown, "", "refused")
		plain := httptest.NewServer(http.NotFoundHandler())
		defer plain.Close()
		expect(t, made(t, probe.TLSCheck, `{"address": "`+strings.TrimPrefix(plain.URL, "http://")+`"}`), probe.Unknown, "", "TLS")
	})
}
