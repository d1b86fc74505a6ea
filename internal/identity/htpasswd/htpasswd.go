// Package htpasswd knows people by a file of Apache's, which is read again when it
// has changed.
//
// Passwords may be hashed with bcrypt, SHA-256 or SHA-512 as crypt does, MD5 as Apache
// does, or SHA-1, with and without salt. Those in plain text are refused.
package htpasswd

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	passwd "github.com/tg123/go-htpasswd"

	"github.com/nightshift-run/nightshift/internal/identity"
)

const maxFile = 10 << 20 // bytes; a hundred thousand people

// File is a file of names and hashes of passwords.
type File struct {
	path string
	log  *slog.Logger

	mu     sync.Mutex
	people map[string]passwd.EncodedPasswd // guarded by mu
	read   state                           // guarded by mu; of what people are from
}

// state is what changes when a file does.
type state struct {
	size int64
	at   time.Time
}

// New returns the back end of the file at path. It need not be there yet.
func New(path string, log *slog.Logger) *File { return &File{path: path, log: log} }

// Check implements [identity.Backend].
func (f *File) Check(_ context.Context, name, password string) (identity.Person, error) {
	people, err := f.load()
	if err != nil {
		return identity.Person{}, err
	}
	hash, ok := people[name]
	switch {
	case !ok:
		return identity.Person{}, identity.ErrUnknown
	case !hash.MatchesPassword(password):
		return identity.Person{}, identity.ErrWrong
	}
	return identity.Person{Name: name}, nil
}

// Look says of each name whether the file has it, without a password.
func (f *File) Look(_ context.Context, names []string, tell func(name string, p identity.Person, err error)) error {
	people, err := f.load()
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, ok := people[name]; ok {
			tell(name, identity.Person{Name: name}, nil)
		} else {
			tell(name, identity.Person{}, identity.ErrUnknown)
		}
	}
	return nil
}

// load returns what the file says now.
func (f *File) load() (map[string]passwd.EncodedPasswd, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, err
	}
	now := state{info.Size(), info.ModTime()}
	if f.people != nil && f.read == now {
		return f.people, nil
	}
	if now.size > maxFile {
		return nil, fmt.Errorf("%s has %d bytes; %d are read at most", f.path, now.size, maxFile)
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		return nil, err
	}
	f.people, f.read = f.parse(string(text)), now
	return f.people, nil
}

func (f *File) parse(text string) map[string]passwd.EncodedPasswd {
	people := map[string]passwd.EncodedPasswd{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, hash, _ := strings.Cut(line, ":")
		if p := accept(hash); p != nil {
			people[name] = p
		} else {
			f.log.Warn("a line of the password file has no hash of a known kind; this person can't log in by it", "file", f.path, "line", n)
		}
	}
	return people
}

// accept returns what checks passwords against a hash, or nil.
func accept(hash string) passwd.EncodedPasswd {
	for _, kind := range []passwd.PasswdParser{passwd.AcceptBcrypt, passwd.AcceptCryptSha, passwd.AcceptMd5, passwd.AcceptSsha, passwd.AcceptSha} {
		if p, err := kind(hash); p != nil && err == nil {
			return p
		}
	}
	return nil
}
