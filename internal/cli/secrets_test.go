package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeysAreReplaced(t *testing.T) {
	f := newFake(t)
	f.answer("POST /api/ns/v1/secrets/rotate", 200, `{"master_key": "3937a106", "sealed": 12}`)
	f.check(t, f.run(t, "secrets", "rotate"), result{
		Out: "The master key is 3937a106 now; 12 values were sealed again. Keep a copy of its file.\n",
	})
	if got := f.run(t, "secrets", "rotate", "-j"); got.Code != 0 || !strings.Contains(got.Out, `"sealed": 12`) {
		t.Errorf("%+v", got)
	}
}

// The key and the value are those of the reference's own tests.
func TestKeysThatStackStormHasEncryptedAreLoaded(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const encrypted = "3030303030298D848B45A24EDCD1A82FAB4E831E3FCE6E60956817A48A180E4C040801EB30170DACF79498F30520236A629912C3584847098D"
	key := file("key.json", `{"hmacKey": {"hmacKeyString": "685EWJ8U2U_c3Ulv9ibB6aa0Y9aYm-0bCwe2mqjLJuw", "size": 256},
		"aesKeyString": "eKGFrfNEUhAgX0uofaU1wQ", "mode": "CBC", "size": 128}`)
	keys := file("keys.json", `[{"name": "a", "value": "1"}, {"name": "s", "value": "`+encrypted+`", "encrypted": true, "secret": true}]`)
	bad := file("bad.json", `[{"name": "a", "value": "1"}, {"name": "s", "value": "303030", "encrypted": true, "secret": true}]`)

	f := newFake(t)
	f.answer("PUT /api/v1/keys/{name}", 200, `{"name": "x", "value": "nss1.x"}`)
	if got := f.run(t, "key", "load", keys, "--st2-key-file", key); got.Code != 0 || strings.Contains(got.Out, "S3cret") {
		t.Errorf("%+v", got)
	}
	f.checkRequests(t, `PUT /api/v1/keys/a {"name":"a","value":"1"}`, `PUT /api/v1/keys/s {"name":"s","value":"S3cret!Value","secret":true}`)

	f = newFake(t) // of which nothing is asked when something is wrong
	if got := f.run(t, "key", "load", bad, "--st2-key-file", key); got.Code != ExitUsage || !strings.Contains(got.Err, "key s can't be decrypted") {
		t.Errorf("%+v", got)
	}
	if got := f.run(t, "key", "load", keys, "--st2-key-file", keys); got.Code != ExitUsage || !strings.Contains(got.Err, "it is no key of StackStorm") {
		t.Errorf("%+v", got)
	}
	f.checkRequests(t)
}
