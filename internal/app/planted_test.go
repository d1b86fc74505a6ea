package app_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/nightshift-run/nightshift/internal/config"
)

// plantedVault is a Vault with one secret, for whoever shows the token in the file.
func plantedVault(t *testing.T, folder string) config.SecretStore {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("X-Vault-Token") != "zqPlantedAsATokenOfVault":
			w.WriteHeader(http.StatusForbidden)
		case r.URL.Path == "/v1/auth/token/lookup-self":
			_, _ = io.WriteString(w, `{"data": {"ttl": 3600}}`)
		case r.URL.Path == "/v1/secret/data/db":
			_, _ = io.WriteString(w, `{"data": {"data": {"password": "zqPlantedInAVault"}, "metadata": {}}}`)
		default: // which quotes what it was shown, as servers do
			http.Error(w, "no "+r.Header.Get("X-Vault-Token"), http.StatusInternalServerError)
		}
	}))
	t.Cleanup(s.Close)
	return config.SecretStore{Name: "vault", Type: "vault", Address: s.URL, TokenFile: plant(t, folder, "vault-token", "zqPlantedAsATokenOfVault\n")}
}

// plantedSOPS is a folder with a file of SOPS, and one that something else has changed.
func plantedSOPS(t *testing.T, folder string) config.SecretStore {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	key := make([]byte, 32)
	rand.Read(key)
	var enc bytes.Buffer
	a := armor.NewWriter(&enc)
	w, err := age.Encrypt(a, id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(key); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	const changed, text = "2026-11-29T10:00:00Z", "zqPlantedInAFileOfSOPS"
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCMWithNonceSize(block, 32)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(about, text string) string {
		iv := make([]byte, 32)
		rand.Read(iv)
		out := gcm.Seal(nil, iv, []byte(text), []byte(about))
		b64, cut := base64.StdEncoding.EncodeToString, len(out)-16
		return fmt.Sprintf("ENC[AES256_GCM,data:%s,iv:%s,tag:%s,type:str]", b64(out[:cut]), b64(iv), b64(out[cut:]))
	}
	file := func(more string) string {
		b, err := json.Marshal(map[string]any{"password": seal("password:", text), "more": more, "sops": map[string]any{
			"age":          []any{map[string]string{"enc": enc.String()}},
			"lastmodified": changed, "mac": seal(changed, fmt.Sprintf("%X", sha512.Sum512([]byte(text)))),
		}})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	sops := filepath.Join(folder, "sops")
	plant(t, sops, "db.json", file(""))
	plant(t, sops, "changed.json", file("zqPlantedBySomebodyElse"))
	return config.SecretStore{Name: "sops", Type: "sops", Folder: sops, AgeIdentities: plant(t, folder, "age", id.String()+"\n")}
}

// plant writes a file and returns its path.
func plant(t *testing.T, folder, name, text string) string {
	t.Helper()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// plantedHooks are webhooks that are proven by secrets, by how.
func plantedHooks() []config.Webhook {
	return []config.Webhook{
		{Path: "webhooks/signed", Proof: "hmac", Secrets: []string{"hook"}},
		{Path: "webhooks/shown", Proof: "token", Secrets: []string{"hook"}},
		{Path: "webhooks/bearing", Proof: "bearer", Secrets: []string{"hook"}},
		{Path: "webhooks/basic", Proof: "basic", User: "sender", Secrets: []string{"hook"}},
	}
}

const hookSecret = "zqPlantedForAWebhook"

// deliver posts to the webhooks above, with proofs that are good and ones that are not.
func deliver(t *testing.T, url string) {
	t.Helper()
	const body = `{"word": "delivered"}`
	mac := hmac.New(sha256.New, []byte(hookSecret))
	mac.Write([]byte(body))
	for _, d := range []struct {
		hook, header, value string
		want                int
	}{
		{"signed", "X-Signature", hex.EncodeToString(mac.Sum(nil)), http.StatusAccepted},
		{"signed", "X-Signature", hookSecret, http.StatusUnauthorized}, // by mistake
		{"shown", "X-Token", hookSecret, http.StatusAccepted},
		{"shown", "X-Token", hookSecret + "Almost", http.StatusUnauthorized},
		{"bearing", "Authorization", "Bearer " + hookSecret, http.StatusAccepted},
		{"bearing", "Authorization", "Bearer " + hookSecret + "Almost", http.StatusUnauthorized},
		{"basic", "Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("sender:"+hookSecret)), http.StatusAccepted},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/v1/webhooks/"+d.hook, bytes.NewReader([]byte(body)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(d.header, d.value)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != d.want || planted.Match(b) {
			t.Errorf("webhook %s: %s %s, want %d", d.hook, res.Status, b, d.want)
		}
	}
}

// admitted logs in as a proxy does for somebody, and returns the token.
func admitted(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/auth/v1/tokens", bytes.NewReader([]byte(`{}`)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Forwarded-User", "grace")
	req.Header.Set("X-Forwarded-Access-Token", "zqPlantedByAProxy")
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // it is read to its end
	var token struct{ Token string }
	if err := json.NewDecoder(res.Body).Decode(&token); err != nil || token.Token == "" {
		t.Fatalf("%s: %v", res.Status, err)
	}
	return token.Token
}
