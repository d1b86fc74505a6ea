// Package auditor sends the audit log to a syslog server, entry by entry and in order.
//
// How far it has come is in the ledger, so that a server that is away for a while gets
// everything later. What was sent just before a crash may be sent again; entries have
// numbers. What goes by UDP or to a local socket may be lost on its way, as is the nature of those.
package auditor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/roots"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Options configure an Auditor. The zero value of each field means its default.
type Options struct {
	Every  time.Duration // between looks at the log; default one second
	Host   string        // how the server calls itself; default: the name of the machine
	CA     string        // file with those who vouch for a TLS server; default: the system's
	Logger *slog.Logger  // default: discard
}

// Auditor sends the log. Call Run to start it.
type Auditor struct {
	store  *store.Store
	to     *url.URL
	opts   Options
	roots  *x509.CertPool
	conn   net.Conn // nil: not connected
	sent   int64    // number of the last entry that was sent; negative: not known yet
	failed bool     // whether the last attempt did, so that it is told once
}

// New returns an auditor that sends to an address such as tcp://host:601.
func New(s *store.Store, address string, opts Options) (*Auditor, error) {
	to, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("audit.syslog: %w", err)
	}
	switch to.Scheme {
	case "udp", "tcp", "tls":
		if to.Port() == "" {
			return nil, fmt.Errorf("audit.syslog: %q names no port, as in tcp://host:601", address)
		}
	case "unix":
		if to.Path == "" {
			return nil, fmt.Errorf("audit.syslog: %q names no socket, as in unix:///dev/log", address)
		}
	default:
		return nil, fmt.Errorf("audit.syslog: %q is none of unix://, udp://, tcp:// and tls://", address)
	}
	if opts.Every == 0 {
		opts.Every = time.Second
	}
	if opts.Host == "" {
		if opts.Host, err = os.Hostname(); err != nil {
			opts.Host = "-"
		}
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	a := &Auditor{store: s, to: to, opts: opts, sent: -1}
	if a.roots, err = roots.Read(opts.CA); err != nil {
		return nil, fmt.Errorf("audit.ca: %w", err)
	}
	return a, nil
}

// Run sends until ctx is done, and then returns nil. What can't be sent is tried again
// at the next tick.
func (a *Auditor) Run(ctx context.Context) error {
	tick := time.NewTicker(a.opts.Every)
	defer tick.Stop()
	defer a.hangUp()
	for {
		err := a.catchUp(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !a.failed {
			a.opts.Logger.Error("the audit log can't be sent", "to", a.to.String(), "err", err)
		}
		a.failed = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// sentSetting is where the ledger has the number of the last entry that was sent.
const sentSetting = "audit_sent"

const batch = 200

// remember reads how far the log was sent.
func (a *Auditor) remember(ctx context.Context) error {
	var text string
	err := a.store.Write(ctx, func(tx *store.Tx) (err error) {
		text, err = tx.Setting(ctx, sentSetting, "0")
		return err
	})
	if err != nil {
		return err
	}
	sent, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("how far the audit log was sent: %w", err)
	}
	a.sent = sent
	return nil
}

// catchUp sends what was not sent yet.
func (a *Auditor) catchUp(ctx context.Context) error {
	if a.sent < 0 {
		if err := a.remember(ctx); err != nil {
			return err
		}
	}
	for {
		entries, err := a.store.Reader().Audit(ctx, store.AuditQuery{After: a.sent, Limit: batch})
		if err != nil || len(entries) == 0 {
			return err
		}
		before := a.sent
		for _, e := range entries {
			if err = a.send(ctx, e); err != nil {
				break
			}
			a.sent = e.Seq
		}
		if a.sent > before {
			err = errors.Join(err, a.note(ctx))
		}
		if err != nil {
			a.hangUp()
			return err
		}
	}
}

// note has it in the ledger how far the log was sent, also when ctx is done.
func (a *Auditor) note(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return a.store.Write(ctx, func(tx *store.Tx) error {
		return tx.PutSetting(ctx, sentSetting, strconv.FormatInt(a.sent, 10))
	})
}

func (a *Auditor) hangUp() {
	if a.conn != nil {
		a.conn.Close() //nolint:errcheck,gosec // it is of no use any more
		a.conn = nil
	}
}

const patience = 10 * time.Second

func (a *Auditor) send(ctx context.Context, e audit.Entry) error {
	if a.conn == nil {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		conn, err := a.dial(ctx)
		if err != nil {
			return err
		}
		a.conn = conn
	}
	text, err := message(e, a.opts.Host)
	if err != nil {
		return err
	}
	if a.to.Scheme == "tcp" || a.to.Scheme == "tls" {
		text = append([]byte(strconv.Itoa(len(text))+" "), text...) // RFC 6587, octet counting
	}
	if err := a.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err = a.conn.Write(text)
	return err
}

func (a *Auditor) dial(ctx context.Context) (net.Conn, error) {
	switch a.to.Scheme {
	case "unix":
		conn, err := new(net.Dialer).DialContext(ctx, "unixgram", a.to.Path)
		if err != nil { // some listen for a stream
			return new(net.Dialer).DialContext(ctx, "unix", a.to.Path)
		}
		return conn, nil
	case "tls":
		d := tls.Dialer{Config: &tls.Config{RootCAs: a.roots, MinVersion: tls.VersionTLS12}}
		return d.DialContext(ctx, "tcp", a.to.Host)
	default:
		return new(net.Dialer).DialContext(ctx, a.to.Scheme, a.to.Host)
	}
}

// priority is facility 13, audit, and severity 5, notice.
const priority = 13*8 + 5

// message is an entry in the form of RFC 5424: the JSON of the whole entry is its text.
func message(e audit.Entry, host string) ([]byte, error) {
	var r audit.Record
	if err := json.Unmarshal(e.Record, &r); err != nil {
		return nil, fmt.Errorf("entry %d of the audit log: %w", e.Seq, err)
	}
	body, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("entry %d of the audit log: %w", e.Seq, err)
	}
	head := fmt.Sprintf("<%d>1 %s %s nightshift %d %s - ", priority, r.At.UTC().Format("2006-01-02T15:04:05.000000Z"), host, os.Getpid(), "audit")
	return append([]byte(head), body...), nil
}
