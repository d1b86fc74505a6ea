package secret

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// Master holds the master keys, of which the last wraps. There is more than one only
// while keys are being rotated.
type Master struct{ keys []masterKey }

type masterKey struct {
	id  string
	key []byte
}

// keyWord begins the line of a key in a file of keys.
const keyWord = "nightshift-key-1"

const fileHead = `# The master key of a Nightshift server. Without this file nobody can read the secrets in its
# data folder, the server included; whoever has both can. Keep a copy, and not beside the backups.
`

// NewMaster returns one fresh master key.
func NewMaster() Master { return Master{}.Grown() }

// Grown returns the keys of m and a fresh one, which wraps from then on.
func (m Master) Grown() Master {
	key := NewKey()
	return Master{append(slices.Clip(m.keys), masterKey{idOf(key), key})}
}

// Latest returns the key that wraps, alone.
func (m Master) Latest() Master { return Master{m.keys[len(m.keys)-1:]} }

// IDs returns the ids of all keys; the last is that of the key that wraps.
func (m Master) IDs() []string {
	out := make([]string, len(m.keys))
	for i, k := range m.keys {
		out[i] = k.id
	}
	return out
}

// idOf names a key without saying anything of it.
func idOf(key []byte) string {
	sum := sha256.Sum256(append([]byte("nightshift key id "), key...))
	return hex.EncodeToString(sum[:4])
}

func about(id string, dataKey int64) string { return fmt.Sprintf("data key %d of %s", dataKey, id) }

// Wrap seals a data key.
func (m Master) Wrap(dataKey int64, key []byte) string {
	k := m.keys[len(m.keys)-1]
	return k.id + "." + encode(seal(k.key, key, about(k.id, dataKey)))
}

// WrappedBy returns the id of the master key that a wrapped key takes.
func WrappedBy(wrapped string) string {
	id, _, _ := strings.Cut(wrapped, ".")
	return id
}

// Unwrap returns the data key in what [Master.Wrap] returned. The error is [ErrNoKey]
// or [ErrBroken].
func (m Master) Unwrap(dataKey int64, wrapped string) ([]byte, error) {
	id, body, _ := strings.Cut(wrapped, ".")
	for _, k := range m.keys {
		if k.id != id {
			continue
		}
		b, err := decode(body)
		if err != nil {
			return nil, ErrBroken
		}
		return unseal(k.key, b, about(id, dataKey))
	}
	return nil, ErrNoKey
}

// A File is where master keys are kept.
type File struct {
	Path string
	// Identities is a file with identities of age, to which the file is encrypted.
	// Empty: it is written as it is, for its owner only.
	Identities string
}

// Read returns the keys in the file; the error wraps [os.ErrNotExist] when there is none.
func (f File) Read() (Master, error) {
	text, err := os.ReadFile(f.Path)
	if err != nil {
		return Master{}, err
	}
	if text, err = f.decrypted(text); err != nil {
		return Master{}, err
	}
	var m Master
	s := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(s.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		word, coded, _ := strings.Cut(line, " ")
		key, err := decode(strings.TrimSpace(coded))
		if word != keyWord || err != nil || len(key) != keySize {
			return Master{}, fmt.Errorf("%s:%d: this is no key; a line is %s and 43 letters and digits", f.Path, n, keyWord)
		}
		m.keys = append(m.keys, masterKey{idOf(key), key})
	}
	if len(m.keys) == 0 {
		return Master{}, fmt.Errorf("%s: there is no key in it", f.Path)
	}
	return m, s.Err()
}

// Write writes the file anew. Whatever happens meanwhile, there is the old file or the
// new one.
func (f File) Write(m Master) (err error) {
	var b bytes.Buffer
	b.WriteString(fileHead)
	for _, k := range m.keys {
		fmt.Fprintf(&b, "%s %s\n", keyWord, encode(k.key))
	}
	text, err := f.encrypted(b.Bytes())
	if err != nil {
		return err
	}
	dir := filepath.Dir(f.Path)
	tmp, err := os.CreateTemp(dir, ".key-*") // for its owner only
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	_, err = tmp.Write(text)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), f.Path); err != nil {
		return err
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func (f File) identities() ([]age.Identity, error) {
	file, err := os.Open(f.Identities)
	if err != nil {
		return nil, fmt.Errorf("identities of age: %w", err)
	}
	defer file.Close() //nolint:errcheck // it is only read
	ids, err := age.ParseIdentities(file)
	if err != nil {
		return nil, fmt.Errorf("identities of age in %s: %w", f.Identities, err)
	}
	return ids, nil
}

// decrypted returns text, or what is in it if it is encrypted.
func (f File) decrypted(text []byte) ([]byte, error) {
	var from io.Reader = bytes.NewReader(text)
	switch {
	case bytes.HasPrefix(text, []byte(armor.Header)):
		from = armor.NewReader(from)
	case !bytes.HasPrefix(text, []byte("age-encryption.org/")):
		return text, nil
	}
	if f.Identities == "" {
		return nil, fmt.Errorf("%s is encrypted by age, and no identities are set to open it", f.Path)
	}
	ids, err := f.identities()
	if err != nil {
		return nil, err
	}
	r, err := age.Decrypt(from, ids...)
	if err != nil {
		return nil, fmt.Errorf("open %s with the identities in %s: %w", f.Path, f.Identities, err)
	}
	return io.ReadAll(r)
}

// encrypted returns text, encrypted if there are identities.
func (f File) encrypted(text []byte) ([]byte, error) {
	if f.Identities == "" {
		return text, nil
	}
	ids, err := f.identities()
	if err != nil {
		return nil, err
	}
	var to []age.Recipient
	for _, id := range ids {
		switch id := id.(type) {
		case *age.X25519Identity:
			to = append(to, id.Recipient())
		case *age.HybridIdentity:
			to = append(to, id.Recipient())
		}
	}
	var b bytes.Buffer
	a := armor.NewWriter(&b)
	w, err := age.Encrypt(a, to...)
	if err != nil {
		return nil, fmt.Errorf("encrypt to the identities in %s: %w", f.Identities, err)
	}
	_, err = w.Write(text)
	err = errors.Join(err, w.Close(), a.Close())
	return b.Bytes(), err
}
