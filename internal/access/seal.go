package access

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"
)

// Seal returns the JSON of v in a form that only servers with the same key can read or
// make, and that is good until a time. It lets a client keep for us what we would have to
// remember; purpose keeps what is sealed for one thing from being used for another.
func (s *Signer) Seal(purpose string, until time.Time, v any) (string, error) {
	body, err := json.Marshal(sealed[any]{until.Unix(), v})
	if err != nil {
		return "", err
	}
	box := s.box(purpose)
	nonce := make([]byte, box.NonceSize())
	rand.Read(nonce)
	return base64.RawURLEncoding.EncodeToString(box.Seal(nonce, nonce, body, nil)), nil
}

type sealed[V any] struct {
	Until int64 `json:"t"`
	V     V     `json:"v"`
}

// Open returns what was sealed for a purpose, and false when it was not, or when its time
// is over at now.
func Open[V any](s *Signer, purpose, text string, now time.Time) (v V, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	box := s.box(purpose)
	if err != nil || len(b) < box.NonceSize() {
		return v, false
	}
	body, err := box.Open(nil, b[:box.NonceSize()], b[box.NonceSize():], nil)
	if err != nil {
		return v, false
	}
	var in sealed[V]
	if err := json.Unmarshal(body, &in); err != nil || now.Unix() >= in.Until {
		return v, false
	}
	return in.V, true
}

func (s *Signer) box(purpose string) cipher.AEAD {
	key, err := hkdf.Key(sha256.New, s.key, nil, "nightshift "+purpose, 32)
	if err != nil {
		panic(err) // 32 bytes can be had of any key
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // the block is one of AES
	}
	return box
}
