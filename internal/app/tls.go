package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"github.com/nightshift-run/nightshift/internal/config"
	"github.com/nightshift-run/nightshift/internal/roots"
)

// encryption is how the server is reached by TLS. The zero value is not at all.
type encryption struct {
	config   *tls.Config
	acme     *autocert.Manager // nil: certificates are in files
	redirect net.Listener      // nil: nobody is sent over from HTTP
}

// useTLS makes what the settings say of TLS.
func (a *App) useTLS(ctx context.Context) error {
	t := a.cfg.TLS
	switch {
	case len(t.ACME.Hosts) > 0:
		roots, err := roots.Read(t.ACME.CA)
		if err != nil {
			return fmt.Errorf("tls.acme.ca: %w", err)
		}
		a.tls.acme = authority(t.ACME, filepath.Join(a.cfg.Data, "acme"), roots)
		a.tls.config = a.tls.acme.TLSConfig()
	case t.Cert != "":
		f := &certificateFiles{cert: t.Cert, key: t.Key, log: a.log("tls")}
		if _, err := f.get(nil); err != nil {
			return fmt.Errorf("tls: %w", err)
		}
		a.tls.config = &tls.Config{GetCertificate: f.get, NextProtos: []string{"h2", "http/1.1"}} //nolint:gosec // see below
	default:
		return nil
	}
	a.tls.config.MinVersion = tls.VersionTLS12
	if t.Redirect == "" {
		return nil
	}
	var err error
	if a.tls.redirect, err = new(net.ListenConfig).Listen(ctx, "tcp", t.Redirect); err != nil {
		return fmt.Errorf("tls.redirect: %w", err)
	}
	return nil
}

// authority asks an authority that speaks ACME for certificates, and keeps them in a folder.
func authority(c config.ACME, folder string, roots *x509.CertPool) *autocert.Manager {
	m := &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(folder), HostPolicy: autocert.HostWhitelist(c.Hosts...), Email: c.Email,
	}
	if c.Directory != "" {
		m.Client = &acme.Client{DirectoryURL: c.Directory, HTTPClient: &http.Client{
			Timeout:   time.Minute,
			Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
		}}
	}
	return m
}

// certificateFiles is a certificate in files, which are read again when they have changed.
type certificateFiles struct {
	cert, key string
	log       *slog.Logger

	mu   sync.Mutex
	last *tls.Certificate // guarded by mu
	read [2]time.Time     // guarded by mu; when the files changed that last is from
}

// get returns the certificate. If what there is now can't be used, which is so between two
// writes of who renews it, the last one goes on.
func (f *certificateFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var now [2]time.Time
	for i, name := range []string{f.cert, f.key} {
		if info, err := os.Stat(name); err == nil {
			now[i] = info.ModTime()
		}
	}
	if f.last != nil && now == f.read {
		return f.last, nil
	}
	c, err := tls.LoadX509KeyPair(f.cert, f.key)
	switch {
	case err == nil:
		f.last, f.read = &c, now
	case f.last == nil:
		return nil, err
	default:
		f.read = now // and tell it once
		f.log.Error("the new certificate can't be used; the old one goes on", "err", err)
	}
	return f.last, nil
}

// serve serves requests on l until the server is shut down.
func (a *App) serve(server *http.Server, l net.Listener) error {
	var err error
	if a.tls.config == nil {
		err = server.Serve(l)
	} else {
		server.TLSConfig = a.tls.config
		err = server.ServeTLS(l, "", "")
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// strict tells browsers to come by TLS only from now on, if they have come so.
func strict(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// runRedirect sends browsers over from HTTP until ctx is done. What carries something is
// refused: it was readable on its way already, and should be noticed.
func (a *App) runRedirect(ctx context.Context) error {
	if a.tls.redirect == nil {
		return nil
	}
	var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "This is "+a.URL()+", by HTTPS only.", http.StatusForbidden)
			return
		}
		http.Redirect(w, r, strings.TrimSuffix(a.URL(), "/")+r.URL.RequestURI(), http.StatusPermanentRedirect)
	})
	if a.tls.acme != nil {
		handler = a.tls.acme.HTTPHandler(handler)
	}
	server := &http.Server{
		Handler: handler, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(a.log("http").Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // nothing that goes on there matters
	defer stop()
	if err := server.Serve(a.tls.redirect); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP: %w", err)
	}
	return nil
}
