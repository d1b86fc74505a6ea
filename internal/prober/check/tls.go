package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math"
	"time"

	"github.com/nightshift-run/nightshift/internal/probe"
)

// tls looks at the certificate that is shown at an address. Where none can be
// seen, nothing is known about it.
func (c *Checker) tls(ctx context.Context, p *probe.TLS) probe.Outcome {
	chain, err := shown(ctx, p)
	if err != nil {
		return unknown(err)
	}
	now, leaf := time.Now(), chain[0]
	days := leaf.NotAfter.Sub(now).Hours() / 24
	facts := map[string]any{
		"days_left": math.Round(days*100) / 100, "not_after": leaf.NotAfter.UTC().Format(time.RFC3339),
		"subject": leaf.Subject.String(), "issuer": leaf.Issuer.String(),
	}
	if days < 0 {
		return failed("expired", fmt.Sprintf("the certificate of %s has expired %.1f days ago", p.Name(), -days), facts)
	}
	if p.Verify {
		if err := c.trust(chain, p.Name()); err != nil {
			return failed("untrusted", err.Error(), facts)
		}
	}
	if days < p.Days {
		return failed("expiring", fmt.Sprintf("the certificate of %s expires in %.1f days", p.Name(), days), facts)
	}
	return well(fmt.Sprintf("the certificate of %s is good for %.1f days", p.Name(), days), facts)
}

// shown returns the certificates that are shown at an address, the one of the
// server first, whatever they are worth.
func shown(ctx context.Context, p *probe.TLS) ([]*x509.Certificate, error) {
	dialer := tls.Dialer{Config: &tls.Config{ServerName: p.Name(), InsecureSkipVerify: true}} //nolint:gosec // they are looked at below
	conn, err := dialer.DialContext(ctx, "tcp", p.Address)
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // nothing was sent
	chain := conn.(*tls.Conn).ConnectionState().PeerCertificates
	if len(chain) == 0 {
		return nil, fmt.Errorf("%s shows no certificate", p.Address)
	}
	return chain, nil
}

func (c *Checker) trust(chain []*x509.Certificate, name string) error {
	between := x509.NewCertPool()
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{DNSName: name, Roots: c.opts.Roots, Intermediates: between})
	return err
}
