package ssh

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// given is what a task says about how to log in.
type given struct {
	user  string
	port  int
	login *login // nil: it says nothing
}

func (r *Remote) given(t *runner.Task) (*given, error) {
	text := func(name string) string {
		if v := t.Parameter(name, nil); value.Truth(v) {
			return value.Str(v)
		}
		return ""
	}
	g := &given{user: text("username")}
	if v := t.Parameter("port", nil); v != nil {
		n, ok := v.(int64)
		if !ok || n < 1 || n > 65535 {
			return nil, fmt.Errorf("%s is no port", value.Repr(v))
		}
		g.port = int(n)
	}
	password, key := text("password"), text("private_key")
	switch {
	case password != "":
		g.login = &login{password: password}
	case strings.Contains(strings.ToLower(key), "private key-----"):
		g.login = &login{keys: []keyText{{from: "the parameter private_key", text: []byte(key)}}, passphrase: text("passphrase")}
	case key != "":
		file, err := readKey(expand(key, r.home))
		if err != nil {
			return nil, err
		}
		g.login = &login{keys: []keyText{file}, passphrase: text("passphrase")}
	default:
		return g, nil
	}
	return g, nil
}

// login is how to log in to a host about which a configuration file says these
// files of keys.
func (r *Remote) login(g *given, files []string) (*login, error) {
	if g.login != nil {
		return g.login, nil
	}
	l := &login{agent: r.opts.Agent}
	if r.opts.Key != "" {
		file, err := readKey(expand(r.opts.Key, r.home))
		if err != nil {
			return nil, fmt.Errorf("the key of the settings: %w", err)
		}
		l = &login{keys: []keyText{file}}
	}
	if len(files) == 0 && r.opts.Key == "" && r.home != "" {
		files = []string{"~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"}
	}
	for _, path := range files {
		file, err := readKey(expand(path, r.home))
		if err == nil {
			file.implied = true
			l.keys = append(l.keys, file)
		}
	}
	return l, nil
}

// A keyText is a private key as it is kept.
type keyText struct {
	from string // what people call the place it is kept in
	text []byte

	implied bool // nobody named it: it need not be good
}

func readKey(path string) (keyText, error) {
	text, err := os.ReadFile(path) //nolint:gosec // an operator or an action's author named it
	if err != nil {
		return keyText{}, fmt.Errorf("read the private key: %w", err)
	}
	return keyText{from: path, text: text}, nil
}

// login is the secrets of somebody who logs in.
type login struct {
	password   string
	keys       []keyText
	passphrase string
	agent      string // socket of a key agent
}

// identity tells logins apart, without telling their secrets.
func (l *login) identity() string {
	h := sha256.New()
	for _, part := range []string{l.password, l.passphrase, l.agent} {
		_, _ = h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	for _, k := range l.keys {
		_, _ = h.Write([]byte(strconv.Itoa(len(k.text)) + ":"))
		_, _ = h.Write(k.text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// String says what somebody logs in with, for people.
func (l *login) String() string {
	if l.password != "" {
		return "this password"
	}
	var from []string
	if l.agent != "" {
		from = append(from, "the keys of the agent")
	}
	for _, k := range l.keys {
		from = append(from, k.from)
	}
	if len(from) == 0 {
		return "nothing: there is neither a password nor a key"
	}
	return "the key of " + strings.Join(from, ", ")
}

// methods returns what a host is offered to let somebody in. done is to be called
// when that is over.
func (l *login) methods(ctx context.Context) (methods []ssh.AuthMethod, done func(), err error) {
	done = func() {}
	if l.password != "" {
		answer := func(_, _ string, questions []string, _ []bool) ([]string, error) {
			answers := make([]string, len(questions))
			for i := range answers {
				answers[i] = l.password
			}
			return answers, nil
		}
		return []ssh.AuthMethod{ssh.Password(l.password), ssh.KeyboardInteractive(answer)}, done, nil
	}
	var signers []ssh.Signer
	for _, k := range l.keys {
		signer, err := k.signer(l.passphrase)
		if err != nil && k.implied {
			continue
		}
		if err != nil {
			return nil, done, err
		}
		signers = append(signers, signer)
	}
	if l.agent != "" {
		wire, err := new(net.Dialer).DialContext(ctx, "unix", l.agent)
		if err == nil {
			done = func() { _ = wire.Close() }
			if held, err := agent.NewClient(wire).Signers(); err == nil {
				signers = append(held, signers...)
			}
		} else if len(signers) == 0 {
			return nil, done, fmt.Errorf("ask the key agent: %w", err)
		}
	}
	return []ssh.AuthMethod{ssh.PublicKeys(signers...)}, done, nil
}

// signer reads a private key.
func (k keyText) signer(passphrase string) (signer ssh.Signer, err error) {
	if passphrase == "" {
		signer, err = ssh.ParsePrivateKey(k.text)
	} else if signer, err = ssh.ParsePrivateKeyWithPassphrase(k.text, []byte(passphrase)); err != nil {
		if plain, plainErr := ssh.ParsePrivateKey(k.text); plainErr == nil {
			signer, err = plain, nil // it needs no passphrase
		}
	}
	if _, ok := errors.AsType[*ssh.PassphraseMissingError](err); ok {
		return nil, fmt.Errorf("the private key of %s has a passphrase, and none is given", k.from)
	}
	if err != nil {
		return nil, fmt.Errorf("the private key of %s can't be read: %w", k.from, err)
	}
	return signer, nil
}
