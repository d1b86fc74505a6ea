package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/config"
)

func TestReadOverDefaults(t *testing.T) {
	want := config.Default()
	want.Worker.Slots = 8
	want.Retention.Events = config.Duration(time.Hour)
	got, err := config.Read([]byte("worker:\n  slots: 8\nretention: {events: 1h}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, err := config.Read(nil); err != nil || !cmp.Equal(got, config.Default()) {
		t.Errorf("an empty file: %+v, %v", got, err)
	}
}

func TestReadNamesWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"lisen: x":                                      "line 1: there is no setting \"lisen\" here; did you mean \"listen\"?",
		"worker:\n  slot: 3":                            "line 2: there is no setting \"slot\" here; did you mean \"slots\"?",
		"zzz: 1":                                        "line 1: there is no setting \"zzz\" here",
		"probes: {rate: 0, parallel: -1}":               "probes.rate is 0; it is at least 1\nprobes.parallel is -1",
		"max_page: 0":                                   "max_page is 0; it is at least 1",
		"worker: {slots: 0}":                            "worker.slots is 0",
		"worker: {max_output: 0}":                       "worker.max_output is 0 MiB",
		"worker: {max_result: 513}":                     "worker.max_result is 513 MiB",
		"worker: {grace: long}":                         "\"long\" is not a duration",
		"timezone: Nowhere/Land":                        "\"Nowhere/Land\" is no time zone",
		"log: {level: loud}":                            "log.level is \"loud\"",
		"retention:\n - a list":                         "line 2",
		"trusted_proxies: [10.0.0.0/33]":                "trusted_proxies: \"10.0.0.0/33\" is no address or network",
		"listen: unix:/run/x":                           "listen is a socket, so url has to say",
		"auth: {token_ttl: 0s}":                         "auth.token_ttl is no positive duration",
		"auth: {service_token_ttl: -1h}":                "auth.service_token_ttl is no positive duration",
		"auth: {backends: [{}]}":                        "auth.backends: number 1 is to have exactly one of own, htpasswd, ldap",
		"auth: {backends: [{owm: true}]}":               "line 1: there is no setting \"owm\" here; did you mean \"own\"?",
		"auth:\n  backends: [{own: true, htpasswd: x}]": "auth.backends: number 1 is to have exactly one",
		"auth: {backends: [{ldap: {}}]}":                "auth.backends: number 1: ldap.servers names none\nauth.backends: number 1: ldap.needs",
		"auth: {backends: [{ldap: {servers: ['ldap://x'], user_dn: 'uid={user}'}}]}":                    "\"ldap://x\" would take passwords without encryption",
		"auth: {backends: [{ldap: {servers: ['http://x'], user_dn: 'uid={user}'}}]}":                    "\"http://x\" is no URL such as ldaps://",
		"auth: {backends: [{ldap: {servers: ['ldaps://x'], user_dn: 'cn=admin'}}]}":                     "user_dn has no {user} in it",
		"auth: {backends: [{ldap: {servers: ['ldaps://x'], filter: '(uid={user})'}}]}":                  "filter needs a base",
		"auth: {backends: [{ldap: {servers: ['ldaps://x'], user_dn: '{user}', bind_dn: 'cn=x'}}]}":      "bind_dn and bind_password_file go together",
		"auth: {oidc: {issuer: 'http://id.example.com', client_id: x}}":                                 "auth.oidc.issuer: \"http://id.example.com\" is no URL with https",
		"auth: {oidc: {issuer: 'https://id.example.com'}}":                                              "auth.oidc.client_id is not given",
		"auth: {oidc: {client_id: x}}":                                                                  "auth.oidc.issuer is not given",
		"auth: {oidc: {issuer: 'https://accounts.google.com', client_id: x}}":                           "say hd: and your domain",
		"auth: {oidc: [{issuer: 'https://a'}, {isuer: 'https://b'}]}":                                   "there is no setting \"isuer\" here; did you mean \"issuer\"?",
		"auth: {oidc: {isuer: 'https://a'}}":                                                            "there is no setting \"isuer\" here; did you mean \"issuer\"?",
		"auth: {oidc: [{issuer: 'https://a', client_id: x}, {issuer: 'http://b'}]}":                     "auth.oidc: number 2: issuer: \"http://b\" is no URL with https\nauth.oidc: number 2: client_id",
		"auth: {oidc: [{issuer: 'https://a', client_id: x}, {issuer: 'https://a/b', client_id: x}]}":    "auth.oidc: number 2: name: there is a provider \"a\" already",
		"webhooks: [{path: x, proof: y}]":                                                               "number 1: path is \"x\"; it is like webhooks/NAME or alerts/SOURCE\nwebhooks: number 1: proof is \"y\"; it is one of github, slack,",
		"webhooks: [{path: webhooks/st2, proof: github, secrets: [x]}]":                                 "may be of any trigger",
		"webhooks: [{path: webhooks/a, proof: basic, secrets: [x]}, {path: webhooks/a, proof: github}]": "number 1: user is not given\nwebhooks: number 2: there is webhooks/a already\nwebhooks: number 2: secrets",
		"outbound: {guard: all, allow: [unix]}":                                                         "outbound.guard is \"all\"; it is one of off, metadata, private\noutbound.allow: [unix]",
		"auth: {proxy: {user_header: X-User}}":                                                          "trusted_proxies names nobody",
		"tls: {cert: x}":                                                                                "tls.cert and tls.key go together",
		"tls:\n  redirect: :80":                                                                         "tls.redirect: there is no TLS to send anybody to",
		"tls: {cert: x, key: x, acme: {hosts: [x]}}":                                                    "either in files or from an authority",
		"listen: [a":              "line 1",
		"log: {format: xml}":      "log.format is \"xml\"",
		"worker: {slots: [1, 2]}": "line 1",
	} {
		_, err := config.Read([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Read(%q): %v, want it to say %q", text, err, want)
		}
	}
}

func TestProvidersAreOneOrAList(t *testing.T) {
	for text, want := range map[string]config.Providers{
		"auth: {oidc: {issuer: 'https://id.example.com', client_id: x}}":                                                                {{Issuer: "https://id.example.com", ClientID: "x"}},
		"auth: {oidc: [{issuer: 'https://a.example.com', client_id: x}, {name: Staff, issuer: 'https://b.example.com', client_id: y}]}": {{Issuer: "https://a.example.com", ClientID: "x"}, {Name: "Staff", Issuer: "https://b.example.com", ClientID: "y"}},
		"auth: {oidc: []}": {},
	} {
		got, err := config.Read([]byte(text))
		if diff := cmp.Diff(want, got.Auth.OIDC); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	}
}
