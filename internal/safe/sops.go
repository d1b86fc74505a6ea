package safe

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
	"go.yaml.in/yaml/v3"
)

// SOPS has secrets in YAML or JSON files of a folder, whose values are encrypted by SOPS to a
// recipient of age. The path is that of the file; the field names the value in it, with dots
// between the keys.
//
// Each value is authenticated together with the keys that lead to it, and all values of a file in
// their order by a code: a file that does not fit its code is refused.
type SOPS struct {
	Folder     string
	Identities string // file with the identities of age
}

// Read implements [Store].
func (s SOPS) Read(_ context.Context, path string) (map[string]string, error) {
	text, err := readBelow(s.Folder, path)
	if err != nil {
		return nil, err
	}
	docs, err := documents(text)
	if err != nil {
		return nil, err
	}
	var head struct {
		SOPS struct {
			Age []struct {
				Encrypted string `yaml:"enc"`
			} `yaml:"age"`
			MAC          string `yaml:"mac"`
			LastModified string `yaml:"lastmodified"`
			SealedOnly   bool   `yaml:"mac_only_encrypted"`
		} `yaml:"sops"`
	}
	if err := docs[0].Decode(&head); err != nil || len(head.SOPS.Age) == 0 {
		return nil, errors.New("it is no file of SOPS with a recipient of age")
	}
	var sealed []string
	for _, r := range head.SOPS.Age {
		sealed = append(sealed, r.Encrypted)
	}
	key, err := s.dataKey(sealed)
	if err != nil {
		return nil, err
	}
	f := sopsFile{
		key: key, mac: sha512.New(), json: json.Valid(text), sealedOnly: head.SOPS.SealedOnly, out: map[string]string{},
	}
	if f.sealedOnly {
		f.mac.Write(sealedOnlyMark[:])
	}
	out := f.out
	for _, doc := range docs { // the code is about all of them
		if err := f.open(doc, nil, nil); err != nil {
			return nil, err
		}
		f.out = map[string]string{} // what is read is from the first, as with SOPS itself
	}
	return out, f.check(head.SOPS.MAC, head.SOPS.LastModified)
}

// documents reads the documents of a file, at least one.
func documents(text []byte) (docs []*yaml.Node, err error) {
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var doc yaml.Node
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) && len(docs) > 0 {
			return docs, nil
		}
		if err != nil || doc.Content[0].Kind != yaml.MappingNode {
			return nil, errors.New("it is no YAML or JSON file of SOPS")
		}
		docs = append(docs, doc.Content[0])
	}
}

// dataKey returns the key of a file, which is encrypted to several recipients.
func (s SOPS) dataKey(sealed []string) ([]byte, error) {
	f, err := os.Open(s.Identities)
	if err != nil {
		return nil, fmt.Errorf("identities of age: %w", err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	ids, err := age.ParseIdentities(f)
	if err != nil {
		return nil, errors.New("the file with identities of age has a mistake") // which may quote one
	}
	for _, text := range sealed {
		r, err := age.Decrypt(armor.NewReader(strings.NewReader(strings.TrimSpace(text)+"\n")), ids...)
		if err != nil {
			continue
		}
		key, err := io.ReadAll(io.LimitReader(r, 64))
		if err == nil && len(key) == 32 {
			return key, nil
		}
	}
	return nil, errors.New("none of the identities of age opens the file")
}

// sealedOnlyMark is what SOPS begins a code with that is about encrypted values only.
var sealedOnlyMark = [...]byte{ //nolint:gochecknoglobals // it never changes
	0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b,
	0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
}

// sopsFile is a file that is being opened.
type sopsFile struct {
	key        []byte
	mac        hash.Hash // over the values in their order
	json       bool      // where all numbers are fractions
	sealedOnly bool      // the code says nothing of other values, so they are not to be had
	out        map[string]string
}

// check compares the code over all values with the one in the file, which is encrypted
// together with the time of the last change.
func (f *sopsFile) check(sealed, changed string) error {
	at, err := time.Parse(time.RFC3339, changed)
	if err != nil || !strings.HasPrefix(sealed, "ENC[") {
		return errors.New("the file has no code of authentication (sops.mac, sops.lastmodified), so nobody can say that it is whole")
	}
	want, err := openValue(sealed, f.key, at.Format(time.RFC3339))
	got := fmt.Sprintf("%X", f.mac.Sum(nil))
	if err != nil || subtle.ConstantTimeCompare([]byte(got), []byte(want)) != 1 {
		return errors.New("the file was changed by something else than SOPS: its values do not fit its code of authentication (sops.mac)")
	}
	return nil
}

// open adds all values below a node to what the file has. Keys lead to them; the place in a
// list counts for the name, and not for what SOPS authenticates.
func (f *sopsFile) open(n *yaml.Node, keys, name []string) error {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i].Value
			if len(keys) == 0 && k == "sops" {
				continue
			}
			if err := f.open(n.Content[i+1], append(slices.Clip(keys), k), append(slices.Clip(name), k)); err != nil {
				return err
			}
		}
	case yaml.SequenceNode:
		i := 0
		for _, item := range n.Content {
			if sealedComment.MatchString(item.Value) {
				continue
			}
			if err := f.open(item, keys, append(slices.Clip(name), fmt.Sprint(i))); err != nil {
				return err
			}
			i++
		}
	case yaml.ScalarNode:
		return f.scalar(n, strings.Join(keys, ":")+":", strings.Join(name, "."))
	case yaml.DocumentNode, yaml.AliasNode:
	}
	return nil
}

func (f *sopsFile) scalar(n *yaml.Node, about, at string) error {
	text, err := openValue(n.Value, f.key, about)
	if err != nil {
		return fmt.Errorf("value %s: %w", at, err)
	}
	if strings.HasPrefix(n.Value, "ENC[") {
		f.mac.Write([]byte(text))
		f.out[at] = text
		return nil
	}
	if f.sealedOnly {
		return nil
	}
	f.mac.Write(f.plain(n))
	f.out[at] = text
	return nil
}

// plain is a value that is not encrypted as SOPS counts it.
func (f *sopsFile) plain(n *yaml.Node) []byte {
	var v any
	if err := n.Decode(&v); err != nil {
		return []byte(n.Value)
	}
	if f.json && (n.Tag == "!!int" || n.Tag == "!!float") {
		if x, err := strconv.ParseFloat(n.Value, 64); err == nil {
			v = x
		}
	}
	switch v := v.(type) {
	case nil:
		return nil
	case float64:
		return strconv.AppendFloat(nil, v, 'f', -1, 64)
	case bool:
		return map[bool][]byte{true: []byte("True"), false: []byte("False")}[v]
	case time.Time:
		return []byte(v.Format(time.RFC3339Nano))
	default:
		return fmt.Append(nil, v)
	}
}

var sealedValue = regexp.MustCompile(`^ENC\[AES256_GCM,data:([^,]*),iv:([^,]+),tag:([^,]+),type:[a-z]+\]$`)

// sealedComment is a comment in a list, which SOPS makes an item of when it encrypts it. Its code
// is not about comments.
var sealedComment = regexp.MustCompile(`^ENC\[.*,type:comment\]$`)

// openValue returns a value that is encrypted, and any other as it is.
func openValue(text string, key []byte, about string) (string, error) {
	if !strings.HasPrefix(text, "ENC[") {
		return text, nil
	}
	m := sealedValue.FindStringSubmatch(text)
	if m == nil {
		return "", errors.New("it is encrypted in a way that is not known")
	}
	var parts [3][]byte
	for i := range parts {
		var err error
		if parts[i], err = base64.StdEncoding.DecodeString(m[i+1]); err != nil {
			return "", errors.New("it is no base64")
		}
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", err
	}
	if len(parts[1]) == 0 {
		return "", errors.New("it has no start value")
	}
	gcm, err := cipher.NewGCMWithNonceSize(block, len(parts[1]))
	if err != nil {
		return "", err
	}
	plain, err := gcm.Open(nil, parts[1], bytes.Join([][]byte{parts[0], parts[2]}, nil), []byte(about))
	if err != nil {
		return "", errors.New("it was changed, or stands elsewhere than it did")
	}
	return string(plain), nil
}
