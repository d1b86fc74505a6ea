package safe

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
	"go.yaml.in/yaml/v3"
)

// SOPS has secrets in YAML or JSON files of a folder, whose values are encrypted by SOPS to a
// recipient of age. The path is that of the file; the field names the value in it, with dots
// between the keys.
//
// Each value is authenticated together with the keys that lead to it. That whole entries were taken
// out of a file is not noticed.
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
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil || len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("it is no YAML or JSON file of SOPS")
	}
	var head struct {
		SOPS struct {
			Age []struct {
				Encrypted string `yaml:"enc"`
			} `yaml:"age"`
		} `yaml:"sops"`
	}
	if err := doc.Decode(&head); err != nil || len(head.SOPS.Age) == 0 {
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
	out := map[string]string{}
	return out, open(doc.Content[0], key, nil, out)
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

// open adds all values below a node to out. Keys lead to them; the place in a list counts for the
// name, and not for what SOPS authenticates.
func open(n *yaml.Node, key []byte, keys []string, out map[string]string) error {
	return openAt(n, key, keys, keys, out)
}

func openAt(n *yaml.Node, key []byte, keys, name []string, out map[string]string) error {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i].Value
			if len(keys) == 0 && k == "sops" {
				continue
			}
			if err := openAt(n.Content[i+1], key, append(slices.Clip(keys), k), append(slices.Clip(name), k), out); err != nil {
				return err
			}
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			if err := openAt(item, key, keys, append(slices.Clip(name), fmt.Sprint(i)), out); err != nil {
				return err
			}
		}
	case yaml.ScalarNode:
		at := strings.Join(name, ".")
		text, err := openValue(n.Value, key, strings.Join(keys, ":")+":")
		if err != nil {
			return fmt.Errorf("value %s: %w", at, err)
		}
		out[at] = text
	case yaml.DocumentNode, yaml.AliasNode:
	}
	return nil
}

var sealedValue = regexp.MustCompile(`^ENC\[AES256_GCM,data:([^,]*),iv:([^,]+),tag:([^,]+),type:[a-z]+\]$`)

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
