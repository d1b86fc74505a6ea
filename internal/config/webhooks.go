package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/access"
)

// Webhook is one whose sender proves each delivery.
type Webhook struct {
	// Path is which: webhooks/NAME, or alerts/SOURCE for a receiver of alerts. There is no
	// other way in then.
	Path string `yaml:"path"`

	// Proof is how: github (X-Hub-Signature-256), slack (X-Slack-Signature with a window of
	// five minutes), hmac (HMAC-SHA256 of the body in header), token (the secret in header),
	// basic (the password of user) or bearer (in Authorization).
	Proof string `yaml:"proof"`

	// Secrets are names of keys of the datastore with the secret. Any of them will do, so
	// that it can be replaced.
	Secrets []string `yaml:"secrets"`

	// Header is where an hmac or token is. Default: X-Signature and X-Token.
	Header string `yaml:"header"`

	// Prefix is what stands before it there. Default: nothing.
	Prefix string `yaml:"prefix"`

	// User is who logs in with basic.
	User string `yaml:"user"`
}

func (c Config) checkWebhooks() []error {
	var errs []error
	seen := map[string]bool{}
	kinds := []string{access.ByGitHub, access.BySlack, access.ByHMAC, access.ByToken, access.ByBasic, access.ByBearer}
	for i, w := range c.Webhooks {
		wrong := func(is bool, format string, args ...any) {
			if is {
				errs = append(errs, fmt.Errorf("webhooks: number %d: "+format, append([]any{i + 1}, args...)...))
			}
		}
		place, name, _ := strings.Cut(w.Path, "/")
		wrong(place != "webhooks" && place != "alerts" || strings.Trim(name, "/") != name || name == "", "path is %q; it is like webhooks/NAME or alerts/SOURCE", w.Path)
		wrong(w.Path == "webhooks/st2", "events of webhooks/st2 may be of any trigger, so it takes a token or key")
		wrong(seen[w.Path], "there is %s already", w.Path)
		wrong(!slices.Contains(kinds, w.Proof), "proof is %q; it is one of %s", w.Proof, strings.Join(kinds, ", "))
		wrong(len(w.Secrets) == 0, "secrets names no key of the datastore")
		wrong(w.Proof == access.ByBasic && w.User == "", "user is not given")
		seen[w.Path] = true
	}
	return errs
}
