package ssh

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// HostKeys is a policy: which keys hosts may show.
type HostKeys string

// The policies.
const (
	// Strict lets a host show only a key that is known of it.
	Strict HostKeys = "strict"
	// AcceptNew takes the key that an unknown host shows for the right one, from then
	// on. A host that shows another one later is refused.
	AcceptNew HostKeys = "accept-new"
	// AnyKey lets hosts show any key. Whoever is in between reads along.
	AnyKey HostKeys = "any"
)

// A keyring decides about the keys that hosts show.
type keyring struct {
	policy  HostKeys
	files   []string // read only
	learned string   // where new keys are kept; may be empty

	mu     sync.Mutex
	check  ssh.HostKeyCallback // over what the files hold; guarded by mu
	stamps []string            // of the files that check is of; guarded by mu
	fresh  map[string][]byte   // keys that no file holds, by address; guarded by mu
}

func newKeyring(policy HostKeys, files []string, learned string) *keyring {
	return &keyring{policy: policy, files: files, learned: learned, fresh: map[string][]byte{}}
}

// verify decides about a key that the host at an address shows.
func (k *keyring) verify(addr string, key ssh.PublicKey) error {
	if k.policy == AnyKey {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.load(); err != nil {
		return err
	}
	if cert, ok := key.(*ssh.Certificate); ok && k.ask(addr, key) != nil {
		key = cert.Key // nobody that is known has signed it, so the key itself counts
	}
	err := k.ask(addr, key)
	if err == nil {
		return nil
	}
	shown := ssh.FingerprintSHA256(key)
	known, ok := errors.AsType[*knownhosts.KeyError](err)
	if !ok {
		return fmt.Errorf("the key of %s (%s) is not accepted: %w", addr, shown, err)
	}
	fresh := k.fresh[addr]
	switch {
	case len(known.Want) > 0:
		w := known.Want[0]
		return fmt.Errorf("the host %s shows the key %s, but %s is known (%s, line %d): it was set up anew, or somebody is in between; "+
			"if that is right, remove the line", addr, shown, ssh.FingerprintSHA256(w.Key), w.Filename, w.Line)
	case fresh != nil && string(fresh) != string(key.Marshal()):
		return fmt.Errorf("the host %s shows the key %s, which is not the one that it showed first", addr, shown)
	case fresh != nil:
		return nil
	case k.policy == Strict:
		return fmt.Errorf("the host %s is unknown and shows the key %s; if that is right, add it to %s", addr, shown, strings.Join(k.files, " or "))
	}
	return k.learn(addr, key)
}

// ask asks the files about a key. It is their names that count, not where they
// lead.
func (k *keyring) ask(addr string, key ssh.PublicKey) error {
	return k.check(addr, &net.TCPAddr{}, key)
}

// learn keeps the key of a host.
func (k *keyring) learn(addr string, key ssh.PublicKey) error {
	if k.learned == "" {
		k.fresh[addr] = key.Marshal()
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(k.learned), 0o700); err != nil {
		return fmt.Errorf("keep the key of %s: %w", addr, err)
	}
	f, err := os.OpenFile(k.learned, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("keep the key of %s: %w", addr, err)
	}
	_, err = f.WriteString(knownhosts.Line([]string{knownhosts.Normalize(addr)}, key) + "\n")
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("keep the key of %s: %w", addr, err)
	}
	return nil
}

// load reads the files of known keys, if they have changed. The lock is held.
func (k *keyring) load() error {
	var files, stamps []string
	for _, file := range append(slices.Clip(k.files), k.learned) {
		info, err := os.Stat(file)
		switch {
		case file == "" || errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return fmt.Errorf("read the known keys of hosts: %w", err)
		}
		files = append(files, file)
		stamps = append(stamps, fmt.Sprintf("%s %d %d", file, info.Size(), info.ModTime().UnixNano()))
	}
	if k.check != nil && slices.Equal(stamps, k.stamps) {
		return nil
	}
	check, err := knownhosts.New(files...)
	if err != nil {
		return fmt.Errorf("read the known keys of hosts: %w", err)
	}
	k.check, k.stamps = check, stamps
	return nil
}

// algorithms returns in which order a host is asked for its keys: first the kinds
// of those that are known, or it would show another of its keys.
func (k *keyring) algorithms(addr string) []string {
	all := ssh.SupportedAlgorithms().HostKeys
	if k.policy == AnyKey {
		return all
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.load() != nil {
		return all // verify will say why
	}
	known, ok := errors.AsType[*knownhosts.KeyError](k.check(addr, &net.TCPAddr{}, noKey{}))
	if !ok {
		return all
	}
	first := func(algorithm string) bool {
		return slices.ContainsFunc(known.Want, func(w knownhosts.KnownKey) bool {
			kind := w.Key.Type()
			return algorithm == kind || kind == ssh.KeyAlgoRSA && (algorithm == ssh.KeyAlgoRSASHA256 || algorithm == ssh.KeyAlgoRSASHA512)
		})
	}
	slices.SortStableFunc(all, func(a, b string) int {
		switch fa, fb := first(a), first(b); {
		case fa == fb:
			return 0
		case fa:
			return -1
		}
		return 1
	})
	return all
}

// noKey is a key that no host has: to ask which keys are known.
type noKey struct{}

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return nil }
func (noKey) Verify([]byte, *ssh.Signature) error { return errors.New("no key signs nothing") }
