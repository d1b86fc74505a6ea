package secret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what StackStorm signs with
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// StackStormKey is the key with which StackStorm encrypts secret values of its
// datastore. Nothing is ever encrypted with it here.
type StackStormKey struct {
	aes  cipher.Block
	hmac []byte
}

// ReadStackStormKey reads a key as StackStorm's file, made by st2-generate-symmetric-crypto-key,
// has it.
func ReadStackStormKey(text []byte) (*StackStormKey, error) {
	var file struct {
		HMACKey struct {
			Key string `json:"hmacKeyString"`
		} `json:"hmacKey"`
		AES  string `json:"aesKeyString"`
		Mode string `json:"mode"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("it is no key of StackStorm: %w", err)
	}
	if file.Mode != "" && file.Mode != "CBC" {
		return nil, fmt.Errorf("it is no key of StackStorm: its mode is %q and not CBC", file.Mode)
	}
	word, err := keyString(file.AES)
	if err != nil {
		return nil, fmt.Errorf("it is no key of StackStorm: aesKeyString: %w", err)
	}
	block, err := aes.NewCipher(word)
	if err != nil {
		return nil, fmt.Errorf("it is no key of StackStorm: aesKeyString: %w", err)
	}
	sign, err := keyString(file.HMACKey.Key)
	if err != nil || len(sign) == 0 {
		return nil, errors.New("it is no key of StackStorm: there is no hmacKeyString")
	}
	return &StackStormKey{block, sign}, nil
}

func keyString(s string) ([]byte, error) {
	return decode(strings.TrimRight(s, "="))
}

// What stands around the text: a header that says nothing, the start value, a signature.
const (
	stHeader    = 5
	stSignature = sha1.Size
)

// Decrypt returns the text in a ciphertext of StackStorm. The error is [ErrBroken]: the
// key is another one, or the ciphertext is none.
func (k *StackStormKey) Decrypt(ciphertext string) (string, error) {
	raw, err := hex.DecodeString(ciphertext)
	if err != nil || len(raw) < stHeader+aes.BlockSize+aes.BlockSize+stSignature {
		return "", ErrBroken
	}
	body, signature := raw[:len(raw)-stSignature], raw[len(raw)-stSignature:]
	mac := hmac.New(sha1.New, k.hmac)
	mac.Write(body)
	if !hmac.Equal(mac.Sum(nil), signature) {
		return "", ErrBroken
	}
	start, text := body[stHeader:stHeader+aes.BlockSize], bytes.Clone(body[stHeader+aes.BlockSize:])
	if len(text)%aes.BlockSize != 0 {
		return "", ErrBroken
	}
	cipher.NewCBCDecrypter(k.aes, start).CryptBlocks(text, text)
	n := int(text[len(text)-1])
	if n == 0 || n > aes.BlockSize || !bytes.Equal(text[len(text)-n:], bytes.Repeat([]byte{byte(n)}, n)) {
		return "", ErrBroken
	}
	return string(text[:len(text)-n]), nil
}
