package app_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/app"
	"github.com/nightshift-run/nightshift/internal/config"
)

// writeCertificate writes a certificate for 127.0.0.1 that vouches for itself, and returns it.
func writeCertificate(t *testing.T, certFile, keyFile string, serial int64) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert
}

func TestTLSByFiles(t *testing.T) {
	dir := t.TempDir()
	cfg := config.Default()
	cfg.Data, cfg.Listen, cfg.Exchange.Index, cfg.Python.Libraries = filepath.Join(dir, "data"), "127.0.0.1:0", nil, []string{}
	cfg.TLS.Cert, cfg.TLS.Key, cfg.TLS.Redirect = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), "127.0.0.1:0"
	if _, err := app.Open(t.Context(), cfg, app.Options{}); err == nil || !strings.Contains(err.Error(), "tls: ") {
		t.Fatalf("without files: %v", err)
	}
	first := writeCertificate(t, cfg.TLS.Cert, cfg.TLS.Key, 1)
	a, err := app.Open(t.Context(), cfg, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	if !strings.HasPrefix(a.URL(), "https://127.0.0.1:") {
		t.Fatalf("the URL is %s", a.URL())
	}
	roots := x509.NewCertPool()
	roots.AddCert(first)
	// answer is what a new connection shows.
	type answer struct {
		status, version int
		strict          string
		serial          int64 // of the certificate
	}
	get := func(change func(*tls.Config)) (answer, error) {
		config := &tls.Config{RootCAs: roots}
		if change != nil {
			change(config)
		}
		client := http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true, ForceAttemptHTTP2: true}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL()+"/healthz", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			return answer{}, err
		}
		return answer{
			res.StatusCode, res.ProtoMajor, res.Header.Get("Strict-Transport-Security"), res.TLS.PeerCertificates[0].SerialNumber.Int64(),
		}, res.Body.Close()
	}
	got, err := get(nil)
	if want := (answer{http.StatusOK, 2, "max-age=31536000", 1}); err != nil || got != want {
		t.Fatalf("%v, %+v, want %+v", err, got, want)
	}
	if _, err := get(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11 }); err == nil {
		t.Error("TLS 1.1 is taken")
	}

	plain := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for method, want := range map[string]int{"GET": http.StatusPermanentRedirect, "POST": http.StatusForbidden} {
		req, err := http.NewRequestWithContext(t.Context(), method, "http://"+a.RedirectAddress()+"/ui/rules?x=1", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "evil.example"
		res, err := plain.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
		if at := res.Header.Get("Location"); res.StatusCode != want || want == http.StatusPermanentRedirect && at != a.URL()+"/ui/rules?x=1" {
			t.Errorf("%s by HTTP: %s, to %q", method, res.Status, at)
		}
	}

	// Somebody renews it: first the certificate, then the key.
	second := filepath.Join(dir, "second.pem")
	roots.AddCert(writeCertificate(t, second, filepath.Join(dir, "second.key"), 2))
	rename := func(from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	rename(second, cfg.TLS.Cert)
	if got, err = get(nil); err != nil || got.serial != 1 {
		t.Errorf("between: %v, %+v", err, got)
	}
	rename(filepath.Join(dir, "second.key"), cfg.TLS.Key)
	if got, err = get(nil); err != nil || got.serial != 2 {
		t.Errorf("renewed: %v, %+v", err, got)
	}
}
