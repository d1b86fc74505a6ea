package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/api/client"
	"github.com/nightshift-run/nightshift/internal/app"
	"github.com/nightshift-run/nightshift/internal/app/apptest"
	"github.com/nightshift-run/nightshift/internal/config"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Everything in the pack is there for the team, but of the datastore only what its role names.
const teamRole = `
name: team
permission_grants:
  - {resource_uid: pack:flows, permission_types: [pack_all, action_all]}
  - {resource_uid: pack:core, permission_types: [action_execute]}
  - {resource_uid: "key_value_pair:st2kv.system:open", permission_types: [key_value_pair_all]}
  - {resource_uid: "key_value_pair:st2kv.system:shown", permission_types: [key_value_pair_view]}
  - {resource_uid: "key_value_pair:files:open", permission_types: [key_value_pair_all]}
  - {permission_types: [execution_list]}
`

// lookupFlows look things up in every way that there is. Each is given what to look up.
var lookupFlows = map[string]string{
	"plain": `
version: 1.0
input: [key]
vars: [{found: "<% st2kv(ctx().key, decrypt => true) %>"}]
tasks: {a: {action: core.noop}}
output: [{found: <% ctx().found %>}]
`,
	"jinja": `
version: 1.0
input: [key]
tasks: {a: {action: core.noop, next: [{publish: [{found: "{{ st2kv(ctx('key'), decrypt=true) }}"}]}]}}
output: [{found: <% ctx().found %>}]
`,
	"sealed": `
version: 1.0
input: [key]
tasks: {a: {action: core.noop}}
output: [{found: "<% st2kv(ctx().key) %>"}]
`,
	"items": `
version: 1.0
input: [key]
tasks:
  a:
    with: <% list(1, 2) %>
    action: flows.say
    input: {word: "<% st2kv(ctx().key, decrypt => true) %>"}
    next: [{publish: [{found: "<% result()[1].stdout %>"}]}]
output: [{found: <% ctx().found %>}]
`,
	"outer": `
version: 1.0
input: [key]
tasks:
  a:
    action: flows.plain
    input: {key: <% ctx().key %>}
    next: [{publish: [{found: <% result().output.found %>}]}]
output: [{found: <% ctx().found %>}]
`,
	"said": `
version: 1.0
input: [key]
tasks: {a: {action: core.noop}}
output: [{found: "<% ctx().key %>"}]
`,
	"forged": `
version: 1.0
input: [key, st2]
tasks:
  a: {action: core.noop, next: [{publish: [{st2: {user: boss}}], do: b}]}
  b: {action: core.noop, next: [{publish: [{found: "<% st2kv(ctx().key, decrypt => true) %>"}]}]}
output: [{found: <% ctx().found %>}]
`,
	"far": `
version: 1.0
input: [key]
tasks: {a: {action: core.noop}}
output: [{found: "<% secret(ctx().key) %>"}]
`,
	"chain": `
chain:
  - {name: a, ref: flows.say, parameters: {word: "{{ st2kv.system[key] | decrypt_kv }}"}, publish: {found: "{{ a.stdout }}"}}
`,
	"hands": `
chain:
  - {name: a, ref: flows.say, parameters: {word: "{{ key }}"}, publish: {found: "{{ a.stdout }}"}}
`,
}

// team is a server on which ada has the role above and boss may do everything.
func team(t *testing.T) *apptest.Server {
	t.Helper()
	files := map[string]string{
		"pack.yaml":          manifest("flows"),
		"config.schema.yaml": `{pin: {type: string, secret: true}}`,
		"actions/say.yaml": `{name: say, runner_type: local-shell-cmd, enabled: true, parameters: {word: {type: string},
			cmd: {default: "echo {{ word }}", immutable: true}}}`,
		"actions/default.yaml": `{name: default, runner_type: local-shell-cmd, enabled: true, parameters: {
			word: {type: string, default: "{{ st2kv.system.db | decrypt_kv }}"}, cmd: {default: "echo {{ word }}", immutable: true}}}`,
		"actions/configured.yaml": `{name: configured, runner_type: local-shell-cmd, enabled: true, parameters: {
			word: {type: string, default: "{{ config_context.pin }}"}, cmd: {default: "echo {{ word }}", immutable: true}}}`,
		"rules/told.yaml": `{name: told, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: told}},
			action: {ref: flows.plain, parameters: {key: system.db}}}`,
	}
	for name, text := range lookupFlows {
		language := "orquesta"
		if strings.Contains(text, "chain:") {
			language = "action-chain"
		}
		files["actions/"+name+".yaml"] = `{name: ` + name + `, runner_type: ` + language + `, enabled: true,
			entry_point: workflows/` + name + `.yaml, parameters: {key: {type: string}, st2: {type: object}}}`
		files["actions/workflows/"+name+".yaml"] = text
	}
	s := apptest.StartWith(t, map[string]map[string]string{"flows": files}, func(cfg *config.Config, _ *app.Options) {
		roles, folder := t.TempDir(), t.TempDir()
		for name, text := range map[string]string{
			filepath.Join(roles, "roles", "team.yaml"):      teamRole,
			filepath.Join(roles, "assignments", "ada.yaml"): "username: ada\nroles: [team]\n",
			filepath.Join(folder, "open"):                   "from an open file",
			filepath.Join(folder, "shut"):                   "from a file",
		} {
			if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cfg.RBAC = config.RBAC{Enable: true, Folder: roles}
		cfg.Secrets.Stores = []config.SecretStore{{Name: "files", Type: "files", Folder: folder}}
	})
	if err := s.Store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.PutUser(t.Context(), access.User{Name: "boss", Admin: true, CreatedAt: time.Now()})
	}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"db", "open", "shown"} {
		put(t, s, "/api/v1/keys/"+name, `{"value": "the text of `+name+`", "secret": true}`)
	}
	put(t, s, "/api/v1/keys/pw?scope=user&user=boss", `{"value": "the text of boss", "secret": true, "user": "boss", "scope": "user"}`)
	put(t, s, "/api/v1/keys/pw?scope=user&user=ada", `{"value": "the text of ada", "secret": true, "user": "ada", "scope": "user"}`)
	put(t, s, "/api/v1/configs/flows", `{"pin": "{{ st2kv.system.db }}"}`)
	return s
}

// ended runs an action for a user, and returns it when it is over, with all that it says.
func ended(t *testing.T, s *apptest.Server, r execution.Request) (e *execution.Execution, said string) {
	t.Helper()
	e, err := s.Launcher.Launch(t.Context(), r)
	if e == nil {
		t.Fatal(err)
	}
	e = eventually(t, s, ids(e.ID), "it ends", func(list []*execution.Execution) bool {
		return len(list) == 1 && list[0].Status.Final()
	})[0]
	return e, fmt.Sprint(result(t, s, e.ID))
}

// request is the wish of a user to run an action of the pack, with names and values.
func request(user, action string, params ...string) execution.Request {
	given := value.NewDict()
	for i := 0; i+1 < len(params); i += 2 {
		given.Set(params[i], params[i+1])
	}
	return execution.Request{Action: "flows." + action, Parameters: given, Context: execution.Context{User: user}}
}

const refusedKey = `User "ada" doesn't have required permission "key_value_pair_`

func TestWorkflowsAndTemplatesLookUpWhatTheirUserMaySee(t *testing.T) {
	s := team(t)
	for name, tt := range map[string]struct {
		run  execution.Request
		want string // empty: refused
	}{
		"a workflow":                       {request("ada", "plain", "key", "system.db"), ""},
		"in Jinja":                         {request("ada", "jinja", "key", "system.db"), ""},
		"sealed":                           {request("ada", "sealed", "key", "system.db"), ""},
		"with items":                       {request("ada", "items", "key", "system.db"), ""},
		"a workflow in another":            {request("ada", "outer", "key", "system.db"), ""},
		"an expression as input":           {request("ada", "said", "key", "<% st2kv('system.db', decrypt => true) %>"), ""},
		"a template in what is handed on":  {request("ada", "hands", "key", "{{ '{' }}{ st2kv.system.db | decrypt_kv }}"), ""},
		"the configuration, handed on":     {request("ada", "hands", "key", "{{ '{' }}{ config_context.pin }}"), ""},
		"a chain":                          {request("ada", "chain", "key", "db"), ""},
		"the default of a parameter":       {request("ada", "default"), ""},
		"a secret elsewhere":               {request("ada", "far", "key", "files:shut"), ""},
		"only shown, but decrypted":        {request("ada", "plain", "key", "system.shown"), ""},
		"a user who has no role":           {request("eve", "plain", "key", "system.open"), ""},
		"an admin's key by a forged name":  {request("ada", "forged", "key", "pw"), ""},
		"shown":                            {request("ada", "sealed", "key", "system.shown"), "nss1."},
		"what the role names":              {request("ada", "plain", "key", "system.open"), "the text of open"},
		"what the role names, with items":  {request("ada", "items", "key", "system.open"), "the text of open"},
		"what the role names, further in":  {request("ada", "outer", "key", "system.open"), "the text of open"},
		"what the role names, in a chain":  {request("ada", "chain", "key", "open"), "the text of open"},
		"what the role names, elsewhere":   {request("ada", "far", "key", "files:open"), "from an open file"},
		"their own key":                    {request("ada", "plain", "key", "pw"), "the text of ada"},
		"the configuration, by the pack":   {request("ada", "configured"), "the text of db"},
		"an admin":                         {request("boss", "outer", "key", "system.db"), "the text of db"},
		"an admin, elsewhere":              {request("boss", "far", "key", "files:shut"), "from a file"},
		"an admin, the default":            {request("boss", "default"), "the text of db"},
		"an admin, a template handed on":   {request("boss", "hands", "key", "{{ '{' }}{ st2kv.system.db | decrypt_kv }}"), "the text of db"},
		"the user of the server":           {request(intake.SystemUser, "plain", "key", "system.open"), "the text of open"},
		"an admin, and what comes out":     {request("boss", "said", "key", "<% st2kv('system.db', decrypt => true) %>"), "the text of db"},
		"an admin, their own key, by name": {request("boss", "forged", "key", "pw"), "the text of boss"},
	} {
		t.Run(name, func(t *testing.T) {
			e, said := ended(t, s, tt.run)
			if tt.want != "" {
				if e.Status != execution.Succeeded || !strings.Contains(said, tt.want) {
					t.Errorf("%s: %s, want %q", e.Status, said, tt.want)
				}
				return
			}
			if e.Status != execution.Failed || strings.Contains(said, "the text of") || strings.Contains(said, "from a file") {
				t.Errorf("%s: %s, want it refused", e.Status, said)
			}
			if e.Context.User == "ada" && !strings.Contains(said, refusedKey) && !strings.Contains(said, "It is a key of user") {
				t.Errorf("%s does not say why", said)
			}
		})
	}
	t.Run("a rule, which acts for the server", func(t *testing.T) {
		post(t, s, "/api/v1/webhooks/told", `{}`)
		e := eventually(t, s, store.Executions{Rule: "told"}, "the rule runs it", all(1, execution.Succeeded))[0]
		if said := fmt.Sprint(result(t, s, e.ID)); !strings.Contains(said, "the text of db") {
			t.Error(said)
		}
	})
}

// What an event says is data, also where a rule hands it on to an action that renders it.
func TestTemplatesInEventsAreNotRendered(t *testing.T) {
	s := apptest.Start(t, map[string]map[string]string{"p": {
		"pack.yaml": manifest("p"),
		"rules/told.yaml": `{name: told, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: told}},
			action: {ref: core.echo, parameters: {message: "{{ trigger.body.word }} of {{ st2kv.system.site }}"}}}`,
	}})
	put(t, s, "/api/v1/keys/site", `{"value": "berlin"}`)
	put(t, s, "/api/v1/keys/db", `{"value": "the text of db", "secret": true}`)
	post(t, s, "/api/v1/webhooks/told", `{"word": "{{ st2kv.system.db | decrypt_kv }} {% if 1 %} {"}`)
	e := eventually(t, s, store.Executions{Rule: "told"}, "the rule runs it", all(1, execution.Succeeded))[0]
	if got, want := result(t, s, e.ID)["stdout"], "{{ st2kv.system.db | decrypt_kv }} {% if 1 %} { of berlin"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

// Who runs a workflow again runs it with what they themselves may see.
func TestAWorkflowThatIsRunAgainLooksUpForWhoRunsItAgain(t *testing.T) {
	s := team(t)
	first, said := ended(t, s, request("boss", "outer", "key", "system.db"))
	if first.Status != execution.Succeeded {
		t.Fatal(said)
	}
	whole := request("ada", "outer", "key", "system.db")
	whole.Context.ReRun = &execution.ReRun{Ref: first.ID}
	parts := request("ada", "outer", "key", "system.db")
	parts.Context.ReRun = &execution.ReRun{Ref: first.ID, Tasks: []string{"a"}, Reset: []string{"a"}}
	for name, again := range map[string]execution.Request{"all of it": whole, "a task": parts} {
		t.Run(name, func(t *testing.T) {
			if e, said := ended(t, s, again); e.Status != execution.Failed || !strings.Contains(said, refusedKey) || strings.Contains(said, "the text of") {
				t.Errorf("%s: %s", e.Status, said)
			}
			again.Context.User = "boss"
			if e, said := ended(t, s, again); e.Status != execution.Succeeded || !strings.Contains(said, "the text of db") {
				t.Errorf("by an administrator: %s: %s", e.Status, said)
			}
		})
	}
}

// What is told at the end is rendered then; who sends it must see what it looks up.
func TestMessagesLookUpWhatTheirSenderMaySee(t *testing.T) {
	s := team(t)
	token := access.NewToken()
	if err := s.Store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.InsertToken(t.Context(), access.Token{
			ID: ident.New(time.Now()), Hash: access.TokenHash(token), User: "ada", ExpiresAt: time.Now().Add(time.Hour),
		})
	}); err != nil {
		t.Fatal(err)
	}
	ada := &client.Client{BaseURL: s.URL(), Token: token}
	for message, refused := range map[string]bool{"{{ config_context.pin }}": true, "{{ st2kv.system.db | decrypt_kv }}": true, "{{ st2kv.system.shown }}": false} {
		err := ada.Post(t.Context(), "/api/v1/executions", map[string]any{
			"action": "core.noop", "notify": map[string]any{"on-complete": map[string]any{"message": message, "routes": []string{"chat"}}},
		}, nil)
		if (err != nil) != refused {
			t.Errorf("%s: %v", message, err)
		}
	}
}
