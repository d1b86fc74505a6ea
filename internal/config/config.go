// Package config holds the settings of a server: one tree of fields, read from
// one YAML file, each with a default that works.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/nightshift-run/nightshift/internal/near"
)

// Config is all settings. The comments are for operators.
type Config struct {
	// Data is the folder that holds everything the server must not forget.
	// It is made when it is missing. Default: ./nightshift-data.
	Data string `yaml:"data"`

	// Listen is the host and port that the API is served on; port 0 takes a free
	// one, and unix:/run/nightshift.sock a socket of the machine. Default: 127.0.0.1:9100.
	Listen string `yaml:"listen"`

	// ST2Ports serves the API on the ports of StackStorm's services, too, 9100, 9101
	// and 9102, at the host of listen: for clients that know a host and no ports.
	// Default: false.
	ST2Ports bool `yaml:"st2_ports"`

	// URL is where others reach the API, for actions and for links.
	// Default: http:// or https:// and the address that the server listens on.
	URL string `yaml:"url"`

	// TrustedProxies are the addresses and networks of proxies in front of the server,
	// whose word counts on where a request comes from; unix stands for those that connect
	// by a socket of the machine. Default: none.
	TrustedProxies []string `yaml:"trusted_proxies"`

	// AllowOrigins are sites whose scripts may ask the API from a browser, such as
	// https://st2.example.com for a web application that is served elsewhere; * is all.
	// Default: none but some of the machine's own, where such applications are developed.
	AllowOrigins []string `yaml:"allow_origins"`

	// MaxPage is how many things one answer lists, at most, for who is no administrator.
	// Default: 100.
	MaxPage int `yaml:"max_page"`

	TLS  TLS  `yaml:"tls"`
	Auth Auth `yaml:"auth"`

	Outbound Outbound `yaml:"outbound"`

	// Webhooks are those whose senders prove each delivery by a secret, and show no token
	// or key. Default: none.
	Webhooks []Webhook `yaml:"webhooks"`

	// Packs are folders whose subfolders are packs, beside the folder packs in data,
	// which holds those that were installed. Of two packs of one name the later
	// folder's counts. Default: none.
	Packs []string `yaml:"packs"`

	Exchange Exchange `yaml:"exchange"`

	// Timezone is the zone of timers that name none. Default: UTC.
	Timezone string `yaml:"timezone"`

	RBAC      RBAC      `yaml:"rbac"`
	Worker    Worker    `yaml:"worker"`
	SSH       SSH       `yaml:"ssh"`
	Python    Python    `yaml:"python"`
	Probes    Probes    `yaml:"probes"`
	Secrets   Secrets   `yaml:"secrets"`
	Audit     Audit     `yaml:"audit"`
	Retention Retention `yaml:"retention"`
	Log       Log       `yaml:"log"`
}

// RBAC is who may do what.
type RBAC struct {
	// Enable has roles decide what people may do. Without, everybody who can log in may
	// do everything but what takes an administrator. Default: false.
	Enable bool `yaml:"enable"`

	// Folder holds the folders roles, assignments and mappings, as StackStorm has them
	// in /opt/stackstorm/rbac. They are read again on SIGHUP and by "nightshift rbac
	// reload". Default: the folder rbac in data.
	Folder string `yaml:"folder"`
}

// Worker is how actions are run.
type Worker struct {
	// Slots is how many actions run at a time. Default: 64.
	Slots int `yaml:"slots"`

	// Grace is how long running actions may go on when the server is stopped;
	// what runs longer is stopped and abandoned. Default: 10s.
	Grace Duration `yaml:"grace"`

	// User is whom local actions run as. Another than the server's own needs
	// sudo without a password. Default: the server's own.
	User string `yaml:"user"`

	// MaxOutput is how many MiB of each of stdout and stderr a result keeps, of which the
	// beginning and the end are there if it is more, and how large the body of a response
	// to an HTTP action may be. Each action that runs may take twice that in memory, and the
	// same in the database. From 1 to 512. Default: 8.
	MaxOutput int `yaml:"max_output"`

	// MaxResult is how many MiB the JSON of what a Python action returns may have; one that
	// returns more has failed. From 1 to 512. Default: 64.
	MaxResult int `yaml:"max_result"`
}

// Exchange is where packs are found.
type Exchange struct {
	// Index are URLs of indexes of packs, or files with them. Of two packs of one name
	// that of the earlier index counts. Default: the index of the StackStorm Exchange,
	// https://index.stackstorm.org/v1/index.json.
	Index []string `yaml:"index"`

	// Fresh is for how long what an index says is taken from the cache. Default: 5m.
	Fresh Duration `yaml:"fresh"`
}

// SSH is how actions reach other machines.
type SSH struct {
	// User is who logs in where an action gives no username. Default: worker.user.
	User string `yaml:"user"`

	// Key is the file of the private key that is used where an action gives neither
	// a password nor a key. Default: the keys of the agent, and id_ed25519,
	// id_ecdsa and id_rsa in ~/.ssh.
	Key string `yaml:"key"`

	// Agent is the socket of a key agent. Default: that in the server's variable
	// SSH_AUTH_SOCK.
	Agent string `yaml:"agent"`

	// Config is a file in the format of ssh_config, whose HostName, Port, User,
	// IdentityFile, ProxyJump and ProxyCommand are heard. Default: none.
	Config string `yaml:"config"`

	// HostKeys says which keys machines may show: with strict, those in known_hosts;
	// with accept-new, any at the first time and the same ever after; with any, all.
	// Default: accept-new.
	HostKeys string `yaml:"host_keys"`

	// KnownHosts are files with the keys of machines, which are only read; what
	// accept-new learns is kept in ssh/known_hosts in data.
	// Default: ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts.
	KnownHosts []string `yaml:"known_hosts"`

	// ConnectTimeout is how long it may take to log in. Default: 60s.
	ConnectTimeout Duration `yaml:"connect_timeout"`

	// Idle is how long a connection that no action needs is kept. Default: 5m.
	Idle Duration `yaml:"idle"`

	// Sessions is how many commands run over one connection at a time; a machine
	// that allows fewer is believed. Default: 10.
	Sessions int `yaml:"sessions"`

	// Connections is how many connections one login has to one machine at a time;
	// what needs more waits. Default: 4.
	Connections int `yaml:"connections"`

	// Parallel is on how many machines one action works at a time. Default: 50.
	Parallel int `yaml:"parallel"`

	// Partial lets an action succeed when it succeeds on one of its machines.
	// Default: false.
	Partial bool `yaml:"partial"`
}

// Python is how the Python code of packs is run.
type Python struct {
	// Interpreter is the name or path of Python 3.8 or later, which the
	// environments of packs are made with. Default: python3.
	Interpreter string `yaml:"interpreter"`

	// Libraries are what packs may import without asking for it, as requirements
	// of pip. An empty list is none. Default: those that packs of StackStorm's
	// exchange take for granted (see python.md).
	Libraries []string `yaml:"libraries"`

	// Index is the address of the index of packages. Default: what pip or uv is set up with.
	Index string `yaml:"index"`

	// ExtraIndexes are addresses of further indexes. Default: none.
	ExtraIndexes []string `yaml:"extra_indexes"`

	// Links are folders that hold packages, looked at beside the index. Default: none.
	Links []string `yaml:"links"`

	// Proxy is the address of the proxy by which indexes are reached. Default:
	// what the server's environment says.
	Proxy string `yaml:"proxy"`

	// Offline keeps the server from asking any index. Default: false.
	Offline bool `yaml:"offline"`

	// Idle is how long the process that Python actions are forked from stays when
	// there is nothing to do. Default: 10m.
	Idle Duration `yaml:"idle"`
}

// Probes is how the server looks at files, servers and processes itself.
type Probes struct {
	// Rate is how many events a second are taken in of all probes together, at most.
	// What is more waits in its file. Default: 1000.
	Rate int `yaml:"rate"`

	// Parallel is how many checks are made at a time. Default: 32.
	Parallel int `yaml:"parallel"`
}

// Secrets is how secrets are kept.
type Secrets struct {
	// KeyFile is the file of the master key, without which nobody can read the secrets in
	// data. It is made when there are no secrets yet. Default: secrets.key in data.
	KeyFile string `yaml:"key_file"`

	// AgeIdentities is a file with identities of age, to which the file of the master key is
	// encrypted. Default: none; the file is for the server's user only.
	AgeIdentities string `yaml:"age_identities"`

	// StackStormKey is the file with the key of a StackStorm (its setting
	// keyvalue.encryption_key_path), to take over values that are encrypted with it.
	// Default: none.
	StackStormKey string `yaml:"stackstorm_key"`

	// Stores are where else secrets are kept: see secrets.md. Default: none.
	Stores []SecretStore `yaml:"stores"`
}

// SecretStore is a place where secrets are kept beside the datastore.
type SecretStore struct {
	// Name is what its secrets begin with, before a colon.
	Name string `yaml:"name"`

	// Type is vault, env (variables of the server's environment), files (each secret in a
	// file) or sops (files of SOPS).
	Type string `yaml:"type"`

	// Allow are what paths of secrets may begin with. Default: all.
	Allow []string `yaml:"allow"`

	// Cache is how long what was read is good for; a negative span is not at all. Default: 5m.
	Cache Duration `yaml:"cache"`

	// Stale is for how much longer it is good when the store can't be asked. Default: not at all.
	Stale Duration `yaml:"stale"`

	// Timeout is how long it may take to ask the store. Default: 5s.
	Timeout Duration `yaml:"timeout"`

	// Address is that of a Vault, such as https://vault.example.org:8200.
	Address string `yaml:"address"`

	// Namespace is that of a Vault. Default: none.
	Namespace string `yaml:"namespace"`

	// Mount is where the engine kv of a Vault is mounted. Default: secret.
	Mount string `yaml:"mount"`

	// Version is that of the engine kv of a Vault, 1 or 2. Default: 2.
	Version int `yaml:"version"`

	// CA is a file with the certificates of those who vouch for a Vault. Default: those that
	// the operating system trusts.
	CA string `yaml:"ca"`

	// TokenFile is a file with the token for a Vault.
	TokenFile string `yaml:"token_file"`

	// RoleID is the role with which the server logs in to a Vault by AppRole.
	RoleID string `yaml:"role_id"`

	// SecretIDFile is a file with the secret of that role.
	SecretIDFile string `yaml:"secret_id_file"`

	// Role is the role with which the server logs in to a Vault by its Kubernetes service
	// account.
	Role string `yaml:"role"`

	// JWTFile is the file with the token of that account. Default: where Kubernetes puts it.
	JWTFile string `yaml:"jwt_file"`

	// AuthMount is where a Vault has that way to log in. Default: approle or kubernetes.
	AuthMount string `yaml:"auth_mount"`

	// Prefix is what variables that are secrets begin with; it is not part of a secret's name.
	// Actions do not get these variables.
	Prefix string `yaml:"prefix"`

	// Folder is where files or files of SOPS are.
	Folder string `yaml:"folder"`

	// AgeIdentities is a file with the identities of age that open files of SOPS.
	AgeIdentities string `yaml:"age_identities"`
}

// Audit is where the audit log goes beside the ledger.
type Audit struct {
	// Syslog is the address of a server that is sent each entry in the form of RFC 5424:
	// unix:///dev/log, udp://host:514, tcp://host:601 or tls://host:6514. What can't be sent
	// is sent later. Default: none.
	Syslog string `yaml:"syslog"`

	// CA is a file with the certificates of those who may vouch for a server of tls://.
	// Default: those that the operating system trusts.
	CA string `yaml:"ca"`
}

// Retention is how long the past is kept. A negative age keeps it for ever.
type Retention struct {
	// Executions is how long finished executions are kept. Default: 720h (30 days).
	Executions Duration `yaml:"executions"`

	// Events is how long events and what rules said of them are kept. Default: 336h (14 days).
	Events Duration `yaml:"events"`

	// Output is how long what executions printed is kept, beside their results.
	// Default: 168h (7 days).
	Output Duration `yaml:"output"`

	// Audit is how long entries of the audit log are kept; they never go for their
	// size. Default: 9600h (400 days).
	Audit Duration `yaml:"audit"`

	// MaxSize is how many MiB the database may take before the oldest goes
	// early. A negative number is no bound. Default: 10240 (10 GiB).
	MaxSize int `yaml:"max_size"`
}

// Log is what the server says of itself, on standard error.
type Log struct {
	// Level is the least that is said: debug, info, warn or error. Default: info.
	Level string `yaml:"level"`

	// Format is text for people or json for machines. Default: text.
	Format string `yaml:"format"`
}

// Duration is a span of time, written as 90s, 15m or 720h.
type Duration time.Duration

// UnmarshalYAML reads a duration.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := time.ParseDuration(n.Value)
	if err != nil {
		return fmt.Errorf("line %d: %q is not a duration such as 90s, 15m or 720h", n.Line, n.Value)
	}
	*d = Duration(v)
	return nil
}

// Or returns d, or def when d is zero.
func (d Duration) Or(def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return time.Duration(d)
}

// Default returns the settings of a server that was told nothing.
func Default() Config {
	return Config{
		Data:      "./nightshift-data",
		Listen:    "127.0.0.1:9100",
		MaxPage:   100,
		Outbound:  Outbound{Guard: "metadata"},
		Auth:      Auth{Backends: []Backend{{Own: true}}, TokenTTL: Duration(24 * time.Hour), ServiceTokenTTL: Duration(24 * time.Hour)},
		Timezone:  "UTC",
		Exchange:  Exchange{Index: []string{"https://index.stackstorm.org/v1/index.json"}, Fresh: Duration(5 * time.Minute)},
		Worker:    Worker{Slots: 64, Grace: Duration(10 * time.Second), MaxOutput: 8, MaxResult: 64},
		SSH:       SSH{HostKeys: "accept-new", ConnectTimeout: Duration(time.Minute), Idle: Duration(5 * time.Minute), Sessions: 10, Connections: 4, Parallel: 50},
		Python:    Python{Interpreter: "python3", Idle: Duration(10 * time.Minute)},
		Probes:    Probes{Rate: 1000, Parallel: 32},
		Retention: Retention{Executions: days(30), Events: days(14), Output: days(7), Audit: days(400), MaxSize: 10240},
		Log:       Log{Level: "info", Format: "text"},
	}
}

func days(n int) Duration { return Duration(time.Duration(n) * 24 * time.Hour) }

// Read returns the settings in a YAML text over the defaults. A field that does
// not exist is an error that names the one that was probably meant.
func Read(text []byte) (Config, error) {
	c := Default()
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return c, explain(err)
	}
	return c, c.check()
}

func (c Config) check() error {
	var errs []error
	if c.MaxPage < 1 {
		errs = append(errs, fmt.Errorf("max_page is %d; it is at least 1", c.MaxPage))
	}
	if c.Worker.Slots < 1 {
		errs = append(errs, fmt.Errorf("worker.slots is %d; at least 1 action must be able to run", c.Worker.Slots))
	}
	if n := c.Worker.MaxOutput; n < 1 || n > 512 {
		errs = append(errs, fmt.Errorf("worker.max_output is %d MiB; it is from 1 to 512", n))
	}
	if n := c.Worker.MaxResult; n < 1 || n > 512 {
		errs = append(errs, fmt.Errorf("worker.max_result is %d MiB; it is from 1 to 512", n))
	}
	if _, err := time.LoadLocation(c.Timezone); err != nil {
		errs = append(errs, fmt.Errorf("timezone: %q is no time zone such as UTC or Europe/Berlin", c.Timezone))
	}
	switch c.Log.Level {
	case "debug", "info", "warn", "error":
	default:
		errs = append(errs, fmt.Errorf("log.level is %q; it is one of debug, info, warn, error", c.Log.Level))
	}
	switch c.Log.Format {
	case "text", "json":
	default:
		errs = append(errs, fmt.Errorf("log.format is %q; it is one of text, json", c.Log.Format))
	}
	return errors.Join(slices.Concat(errs, c.checkDoors(), c.TLS.check(), c.checkWebhooks(), c.Outbound.check(), c.SSH.check(), c.Probes.check())...)
}

func (s SSH) check() []error {
	var errs []error
	switch s.HostKeys {
	case "strict", "accept-new", "any":
	default:
		errs = append(errs, fmt.Errorf("ssh.host_keys is %q; it is one of strict, accept-new, any", s.HostKeys))
	}
	for _, n := range []struct {
		name  string
		value int
	}{{"sessions", s.Sessions}, {"connections", s.Connections}, {"parallel", s.Parallel}} {
		if n.value < 1 {
			errs = append(errs, fmt.Errorf("ssh.%s is %d; it is at least 1", n.name, n.value))
		}
	}
	return errs
}

func (p Probes) check() []error {
	var errs []error
	if p.Rate < 1 {
		errs = append(errs, fmt.Errorf("probes.rate is %d; it is at least 1", p.Rate))
	}
	if p.Parallel < 1 {
		errs = append(errs, fmt.Errorf("probes.parallel is %d; it is at least 1", p.Parallel))
	}
	return errs
}

var unknownField = regexp.MustCompile(`line (\d+): field (\S+) not found in type config\.(\S+)`)

// explain turns what the YAML package says of unknown fields into sentences.
func explain(err error) error {
	te, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return err
	}
	var errs []error
	for _, msg := range te.Errors {
		m := unknownField.FindStringSubmatch(msg)
		if m == nil {
			errs = append(errs, errors.New(msg))
			continue
		}
		hint := ""
		if meant := near.Name(m[2], fieldsOf(m[3])); meant != "" {
			hint = fmt.Sprintf("; did you mean %q?", meant)
		}
		errs = append(errs, fmt.Errorf("line %s: there is no setting %q here%s", m[1], m[2], hint))
	}
	return errors.Join(errs...)
}

func fieldsOf(typeName string) []string {
	t := structs(reflect.TypeFor[Config]())[typeName]
	if t == nil {
		return nil
	}
	var names []string
	for f := range t.Fields() {
		names = append(names, f.Tag.Get("yaml"))
	}
	return names
}

// structs returns the structs of the tree of settings below t, by the names of their types.
func structs(t reflect.Type) map[string]reflect.Type {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	all := map[string]reflect.Type{}
	if t.Kind() == reflect.Struct {
		all[t.Name()] = t
		for f := range t.Fields() {
			maps.Copy(all, structs(f.Type))
		}
	}
	return all
}
