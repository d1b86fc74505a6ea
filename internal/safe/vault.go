package safe

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/roots"
)

// VaultOptions say how a Vault is asked. The zero value of each field but the first means its
// default.
type VaultOptions struct {
	Address   string // such as https://vault.example.org:8200
	Namespace string // default: none
	Mount     string // where its engine kv is mounted; default "secret"
	Version   int    // of that engine, 1 or 2; default 2
	CA        string // file with those who vouch for it; default: the system's

	// One of these is how the server logs in.
	TokenFile    string // with a token
	RoleID       string // AppRole, with the secret of
	SecretIDFile string
	Role         string // Kubernetes, with the token of
	JWTFile      string // default: that of the service account

	AuthMount string // where the way to log in is mounted; default "approle" or "kubernetes"

	Logger *slog.Logger // default: discard
}

// Vault reads the engine kv of a Vault over HTTP. Its token is renewed before it ends, or the
// server logs in anew.
type Vault struct {
	opts VaultOptions
	http *http.Client

	mu      sync.Mutex
	token   string    // guarded by mu; empty: not logged in
	renewAt time.Time // guarded by mu; zero: never
}

// NewVault returns a Vault. Nothing is asked yet.
func NewVault(o VaultOptions) (*Vault, error) {
	u, err := url.Parse(o.Address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("%q is no address of a Vault, such as https://vault.example.org:8200", o.Address)
	}
	ways := 0
	for _, way := range []string{o.TokenFile, o.RoleID, o.Role} {
		if way != "" {
			ways++
		}
	}
	if ways != 1 {
		return nil, errors.New("a Vault needs one way to log in: token_file, role_id or role")
	}
	if o.Mount == "" {
		o.Mount = "secret"
	}
	if o.Version == 0 {
		o.Version = 2
	}
	if o.Version != 1 && o.Version != 2 {
		return nil, fmt.Errorf("version is %d; the engine kv has 1 and 2", o.Version)
	}
	if o.JWTFile == "" {
		o.JWTFile = "/var/run/secrets/kubernetes.io/serviceaccount/token"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	t := &http.Transport{Proxy: nil, ForceAttemptHTTP2: true, MaxIdleConns: 4, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 5 * time.Second}
	if o.CA != "" {
		pool, err := roots.Read(o.CA)
		if err != nil {
			return nil, err
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &Vault{opts: o, http: &http.Client{
		Transport: t,
		// A token must not go to wherever an answer says.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close ends the connections that wait for the next question.
func (v *Vault) Close() { v.http.CloseIdleConnections() }

// Read implements [Store].
func (v *Vault) Read(ctx context.Context, path string) (map[string]string, error) {
	at := "/v1/" + v.opts.Mount + "/" + path
	if v.opts.Version == 2 {
		at = "/v1/" + v.opts.Mount + "/data/" + path
	}
	for again := false; ; again = true {
		token, err := v.login(ctx)
		if err != nil {
			return nil, err
		}
		var out struct {
			Data map[string]json.RawMessage `json:"data"`
		}
		status, err := v.ask(ctx, http.MethodGet, at, token, nil, &out)
		switch {
		case err != nil:
			return nil, err
		case status == http.StatusNotFound:
			return nil, ErrNone
		case status == http.StatusForbidden && !again:
			v.logout(token) // it may have ended early
			continue
		case status == http.StatusForbidden:
			return nil, errors.New("Vault does not let this server read that")
		case status != http.StatusOK:
			return nil, fmt.Errorf("Vault answers with status %d", status)
		}
		fields := out.Data
		if v.opts.Version == 2 {
			fields = nil
			if err := json.Unmarshal(out.Data["data"], &fields); err != nil || fields == nil {
				return nil, ErrNone // its latest version was deleted
			}
		}
		texts := make(map[string]string, len(fields))
		for name, raw := range fields {
			var text string
			if json.Unmarshal(raw, &text) != nil {
				text = string(raw)
			}
			texts[name] = text
		}
		return texts, nil
	}
}

func (v *Vault) logout(token string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.token == token {
		v.token, v.renewAt = "", time.Time{}
	}
}

// grant is what Vault says of a token.
type grant struct {
	Auth struct {
		Token     string `json:"client_token"`
		Seconds   int64  `json:"lease_duration"`
		Renewable bool   `json:"renewable"`
	} `json:"auth"`
}

// take notes a token, of which two thirds of its life are used; mu is held.
func (v *Vault) take(token string, seconds int64) {
	v.token, v.renewAt = token, time.Time{}
	if seconds > 0 {
		v.renewAt = time.Now().Add(time.Duration(seconds) * time.Second * 2 / 3)
	}
}

// login returns a token. Who needs one waits while another logs in.
func (v *Vault) login(ctx context.Context) (string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.token != "" {
		return v.token, nil
	}
	if v.opts.TokenFile != "" {
		token, err := word(v.opts.TokenFile)
		if err != nil {
			return "", err
		}
		var self struct {
			Data struct {
				Seconds int64 `json:"ttl"`
			} `json:"data"`
		}
		status, err := v.ask(ctx, http.MethodGet, "/v1/auth/token/lookup-self", token, nil, &self)
		if err != nil {
			return "", err
		}
		if status != http.StatusOK {
			return "", fmt.Errorf("Vault does not take the token in %s: status %d", v.opts.TokenFile, status)
		}
		v.take(token, self.Data.Seconds)
		return token, nil
	}
	mount, body := "kubernetes", map[string]string{"role": v.opts.Role}
	var err error
	if v.opts.RoleID != "" {
		mount, body = "approle", map[string]string{"role_id": v.opts.RoleID}
		if v.opts.SecretIDFile != "" {
			body["secret_id"], err = word(v.opts.SecretIDFile)
		}
	} else {
		body["jwt"], err = word(v.opts.JWTFile)
	}
	if err != nil {
		return "", err
	}
	if v.opts.AuthMount != "" {
		mount = v.opts.AuthMount
	}
	var g grant
	status, err := v.ask(ctx, http.MethodPost, "/v1/auth/"+mount+"/login", "", body, &g)
	if err != nil {
		return "", err
	}
	if status != http.StatusOK || g.Auth.Token == "" {
		return "", fmt.Errorf("Vault does not let this server log in by %s: status %d", mount, status)
	}
	v.take(g.Auth.Token, g.Auth.Seconds)
	return v.token, nil
}

// keep renews the token before it ends, until ctx is done.
func (v *Vault) keep(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := v.renew(ctx); err != nil && ctx.Err() == nil {
				v.opts.Logger.Warn("the token of Vault can't be renewed; the server will log in anew", "err", err)
			}
		}
	}
}

// renew renews the token when it is time. When that fails, the next reading logs in anew.
func (v *Vault) renew(ctx context.Context) error {
	v.mu.Lock()
	token, at := v.token, v.renewAt
	v.mu.Unlock()
	if token == "" || at.IsZero() || time.Now().Before(at) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var g grant
	status, err := v.ask(ctx, http.MethodPost, "/v1/auth/token/renew-self", token, map[string]string{}, &g)
	if err == nil && (status != http.StatusOK || g.Auth.Seconds <= 0) {
		err = fmt.Errorf("status %d", status)
	}
	if err != nil {
		v.logout(token)
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.token == token {
		v.take(token, g.Auth.Seconds)
	}
	return nil
}

// ask asks Vault. What it answers beside the status goes into no error: it may quote secrets.
func (v *Vault) ask(ctx context.Context, method, path, token string, body, out any) (status int, err error) {
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(v.opts.Address, "/")+path, content)
	if err != nil {
		return 0, err
	}
	req.Header.Set("X-Vault-Request", "true")
	if token != "" {
		req.Header.Set("X-Vault-Token", token)
	}
	if v.opts.Namespace != "" {
		req.Header.Set("X-Vault-Namespace", v.opts.Namespace)
	}
	res, err := v.http.Do(req)
	if err != nil {
		return 0, fmt.Errorf("ask %s: %w", v.opts.Address, withoutURL(err))
	}
	defer res.Body.Close() //nolint:errcheck // it is only read
	b, err := io.ReadAll(io.LimitReader(res.Body, maxFile+1))
	switch {
	case err != nil:
		return 0, fmt.Errorf("ask %s: %w", v.opts.Address, err)
	case len(b) > maxFile:
		return 0, fmt.Errorf("Vault answers with more than %d bytes", maxFile)
	case res.StatusCode == http.StatusOK && json.Unmarshal(b, out) != nil:
		return 0, errors.New("Vault answers with what is no JSON")
	}
	return res.StatusCode, nil
}

func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// word returns the text in a file, without blanks around it.
func word(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(text)), nil
}
