package config

import "errors"

// TLS is how the server is reached by HTTPS. Default: not at all.
type TLS struct {
	// Cert is a file with the certificate and those that vouch for it. It is read again
	// when it has changed.
	Cert string `yaml:"cert"`

	// Key is a file with the private key of cert.
	Key string `yaml:"key"`

	ACME ACME `yaml:"acme"`

	// Redirect is the host and port at which browsers are sent over from HTTP, and where
	// an authority may look: :80. Default: none.
	Redirect string `yaml:"redirect"`
}

// ACME gets certificates from an authority by itself, and renews them. They are kept in
// acme in data.
type ACME struct {
	// Hosts are the names that certificates are wanted for. The authority must reach them
	// at port 443, or at port 80 with tls.redirect. Default: none.
	Hosts []string `yaml:"hosts"`

	// Email is whom the authority tells of trouble. Default: nobody.
	Email string `yaml:"email"`

	// Directory is the URL of the authority. Default: Let's Encrypt.
	Directory string `yaml:"directory"`

	// CA is a file with the certificates that vouch for directory. Default: those of the
	// system.
	CA string `yaml:"ca"`
}

// On reports whether the server is reached by HTTPS.
func (t TLS) On() bool { return t.Cert != "" || len(t.ACME.Hosts) > 0 }

func (t TLS) check() []error {
	var errs []error
	if (t.Cert == "") != (t.Key == "") {
		errs = append(errs, errors.New("tls.cert and tls.key go together"))
	}
	if t.Cert != "" && len(t.ACME.Hosts) > 0 {
		errs = append(errs, errors.New("tls: certificates are either in files or from an authority"))
	}
	if t.Redirect != "" && !t.On() {
		errs = append(errs, errors.New("tls.redirect: there is no TLS to send anybody to"))
	}
	return errs
}
