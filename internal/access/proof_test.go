package access_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
)

func TestProofsOfSenders(t *testing.T) {
	now := time.Unix(1531420618, 0)
	sum := func(secret, text string) []byte {
		m := hmac.New(sha256.New, []byte(secret))
		m.Write([]byte(text))
		return m.Sum(nil)
	}
	hexed := func(secret, text string) string { return hex.EncodeToString(sum(secret, text)) }
	slack := func(at time.Time, text string) string {
		return fmt.Sprintf("X-Slack-Request-Timestamp: %d\nX-Slack-Signature: v0=%s", at.Unix(), hexed("secret", fmt.Sprintf("v0:%d:%s", at.Unix(), text)))
	}
	basic := func(text string) string {
		return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(text))
	}
	gh, sl := access.Proof{Kind: access.ByGitHub}, access.Proof{Kind: access.BySlack}
	own := access.Proof{Kind: access.ByHMAC, Header: "X-Sig", Prefix: "v1 "}
	token := access.Proof{Kind: access.ByToken, Header: "X-Gitlab-Token"}
	user := access.Proof{Kind: access.ByBasic, User: "alertmanager"}
	for name, tt := range map[string]struct {
		proof  access.Proof
		header string
		secret string
		good   bool
	}{
		// The example in GitHub's documentation.
		"GitHub's example":    {gh, "X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", "It's a Secret to Everybody", true},
		"GitHub":              {gh, "X-Hub-Signature-256: sha256=" + hexed("secret", "Hello, World!"), "secret", true},
		"another secret":      {gh, "X-Hub-Signature-256: sha256=" + hexed("guess", "Hello, World!"), "secret", false},
		"another body":        {gh, "X-Hub-Signature-256: sha256=" + hexed("secret", "Hello"), "secret", false},
		"no prefix":           {gh, "X-Hub-Signature-256: " + hexed("secret", "Hello, World!"), "secret", false},
		"the old header":      {gh, "X-Hub-Signature: sha1=" + hexed("secret", "Hello, World!"), "secret", false},
		"no header":           {gh, "", "secret", false},
		"empty":               {gh, "X-Hub-Signature-256: sha256=", "secret", false},
		"cut":                 {gh, "X-Hub-Signature-256: sha256=" + hexed("secret", "Hello, World!")[:62], "secret", false},
		"of an empty secret":  {gh, "X-Hub-Signature-256: sha256=" + hexed("", "Hello, World!"), "", false},
		"Slack":               {sl, slack(now.Add(-time.Minute), "Hello, World!"), "secret", true},
		"Slack, long ago":     {sl, slack(now.Add(-6*time.Minute), "Hello, World!"), "secret", false},
		"Slack, to come":      {sl, slack(now.Add(6*time.Minute), "Hello, World!"), "secret", false},
		"Slack, another time": {sl, strings.Replace(slack(now, "Hello, World!"), "1531420618", "1531420619", 1), "secret", false},
		"Slack, no time":      {sl, "X-Slack-Signature: v0=" + hexed("secret", "v0::Hello, World!"), "secret", false},
		"own":                 {own, "X-Sig: v1 " + hexed("secret", "Hello, World!"), "secret", true},
		"own, base64":         {own, "X-Sig: v1 " + base64.StdEncoding.EncodeToString(sum("secret", "Hello, World!")), "secret", true},
		"own, another prefix": {own, "X-Sig: v2 " + hexed("secret", "Hello, World!"), "secret", false},
		"token":               {token, "X-Gitlab-Token: secret", "secret", true},
		"another token":       {token, "X-Gitlab-Token: secrets", "secret", false},
		"no token":            {token, "", "", false},
		"basic":               {user, basic("alertmanager:secret"), "secret", true},
		"basic, another user": {user, basic("root:secret"), "secret", false},
		"basic, wrong":        {user, basic("alertmanager:guess"), "secret", false},
		"basic, nothing":      {user, basic(":"), "", false},
		"bearer":              {access.Proof{Kind: access.ByBearer}, "Authorization: bearer secret", "secret", true},
		"bearer, wrong":       {access.Proof{Kind: access.ByBearer}, "Authorization: Bearer guess", "secret", false},
		"bearer, basic":       {access.Proof{Kind: access.ByBearer}, "Authorization: Basic secret", "secret", false},
		"no kind":             {access.Proof{}, "", "secret", false},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			for line := range strings.SplitSeq(tt.header, "\n") {
				if k, v, ok := strings.Cut(line, ": "); ok {
					h.Set(k, v)
				}
			}
			if err := tt.proof.Check(h, []byte("Hello, World!"), tt.secret, now); (err == nil) != tt.good || err != nil && !errors.Is(err, access.ErrNoProof) {
				t.Errorf("%v, want good to be %v", err, tt.good)
			}
		})
	}
}
