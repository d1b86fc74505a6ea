// Package roots reads from a file which authorities are trusted by whoever speaks TLS.
package roots

import (
	"crypto/x509"
	"fmt"
	"os"
)

// Read returns the certificates in a file; no file means those of the system, which
// is nil for TLS.
func Read(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // see above
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificates", file)
	}
	return pool, nil
}
