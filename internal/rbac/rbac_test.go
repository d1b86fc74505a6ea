package rbac_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/rbac"
)

func folder(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func load(t *testing.T) *rbac.Policy {
	t.Helper()
	p, found := rbac.Load(folder(map[string]string{
		"roles/web.yaml": `
name: web_ops
permission_grants:
  - resource_uid: pack:web
    permission_types: [pack_view, action_execute, rule_all]
  - resource_uid: action:db:dump
    permission_types: [action_view]
  - permission_types: [action_list, inquiry_list]
`,
		"roles/tagged.yml": `
name: tagged
permission_grants:
  - {resource_uid: "tag:team=pay", permission_types: [action_execute]}
  - {resource_uid: "action:db:restart_*", permission_types: [action_all]}
  - {resource_uid: "key_value_pair:st2kv.system:db_*", permission_types: [key_value_pair_set]}
  - {resource_uid: "webhook:deploy", permission_types: [webhook_send]}
  - {permission_types: [inquiry_respond]}
`,
		"roles/off.yaml":          "name: off\nenabled: false\nnonsense: true\n",
		"assignments/ada.yaml":    "username: ada\nroles: [web_ops]\n",
		"assignments/root.yaml":   "username: root\nroles: [admin]\n",
		"assignments/eve.yaml":    "username: eve\nroles: [observer]\n",
		"mappings/payments.yaml":  "group: cn=payments,dc=example\nroles: [tagged]\n",
		"assignments/sleepy.yaml": "username: sleepy\nenabled: false\nroles: [admin]\n",
	}))
	if len(found) > 0 {
		t.Fatal(found)
	}
	return p
}

func TestDecide(t *testing.T) {
	p := load(t)
	ada, eve, root := rbac.Person{Name: "ada"}, rbac.Person{Name: "eve"}, rbac.Person{Name: "root"}
	pay := rbac.Person{Name: "pat", Groups: []string{"cn=payments,dc=example"}}
	nobody, sleepy := rbac.Person{Name: "nobody"}, rbac.Person{Name: "sleepy"}
	restart := &rbac.Resource{UID: "action:web:restart", Pack: "web"}
	dump := &rbac.Resource{UID: "action:db:dump", Pack: "db"}
	refund := &rbac.Resource{UID: "action:shop:refund", Pack: "shop", Tags: []string{"team=pay"}}
	rule := &rbac.Resource{UID: "rule:web:down", Pack: "web"}
	ran := func(of *rbac.Resource) *rbac.Resource { return &rbac.Resource{UID: "execution:1", Of: of} }
	key := func(name, user string) *rbac.Resource {
		return &rbac.Resource{UID: "key_value_pair:st2kv.system:" + name, User: user}
	}
	tests := []struct {
		who        rbac.Person
		permission string
		on         *rbac.Resource
		want       bool
	}{
		{ada, "action_execute", restart, true},
		{ada, "action_view", restart, true}, // who may run it may look at it
		{ada, "action_modify", restart, false},
		{ada, "action_view", dump, true},
		{ada, "action_execute", dump, false},
		{ada, "action_list", nil, true},
		{ada, "rule_list", nil, false},
		{ada, "rule_delete", rule, true},
		{ada, "rule_view", rule, true},
		{ada, "rule_enforcement_view", &rbac.Resource{UID: "rule_enforcement:1", Of: rule}, true},
		{ada, "rule_enforcement_view", &rbac.Resource{UID: "rule_enforcement:2", Of: &rbac.Resource{UID: "rule:db:x", Pack: "db"}}, false},
		{ada, "execution_stop", ran(restart), true},
		{ada, "execution_rerun", ran(restart), true},
		{ada, "execution_view", ran(restart), false}, // running an action shows nothing of what others ran
		{ada, "execution_view", ran(dump), true},
		{ada, "pack_view", &rbac.Resource{UID: "pack:web", Pack: "web"}, true},
		{ada, "pack_delete", &rbac.Resource{UID: "pack:web", Pack: "web"}, false},
		{ada, "pack_install", nil, false},
		{ada, "inquiry_respond", &rbac.Resource{UID: "inquiry:1", Of: restart}, true},
		{ada, "inquiry_respond", &rbac.Resource{UID: "inquiry:2", Of: dump}, false},
		{pay, "inquiry_respond", &rbac.Resource{UID: "inquiry:2", Of: dump}, true},
		{pay, "action_execute", refund, true},
		{pay, "action_view", refund, true},
		{pay, "action_execute", restart, false},
		{pay, "action_delete", &rbac.Resource{UID: "action:db:restart_all", Pack: "db"}, true},
		{pay, "action_delete", dump, false},
		{pay, "key_value_pair_set", key("db_user", ""), true},
		{pay, "key_value_pair_view", key("db_user", ""), true},
		{pay, "key_value_pair_delete", key("db_user", ""), false},
		{pay, "key_value_pair_view", key("x", "pat"), true},
		{pay, "key_value_pair_view", key("x", "ada"), false},
		{pay, "key_value_pair_list", nil, true},
		{pay, "webhook_send", &rbac.Resource{UID: "webhook:deploy"}, true},
		{pay, "webhook_send", &rbac.Resource{UID: "webhook:other"}, false},
		{eve, "action_view", dump, true},
		{eve, "pack_search", nil, true},
		{eve, "action_execute", dump, false},
		{eve, "key_value_pair_view", key("x", "ada"), true}, // who may look at everything
		{root, "key_value_pair_delete", key("x", "ada"), true},
		{root, "pack_install", nil, true},
		{nobody, "action_list", nil, false},
		{sleepy, "action_list", nil, false},
		{root, "no_such_thing", nil, false},
	}
	for _, tt := range tests {
		got := p.Decide(tt.who, tt.permission, tt.on)
		on := ""
		if tt.on != nil {
			on = tt.on.UID
		}
		if got.Allowed != tt.want || got.Why == "" {
			t.Errorf("%s %s %s: %+v, want %v", tt.who.Name, tt.permission, on, got, tt.want)
		}
	}
}

func TestDecisionsSayWhy(t *testing.T) {
	p := load(t)
	for _, tt := range []struct {
		who  rbac.Person
		on   string
		want string
	}{
		{rbac.Person{Name: "ada"}, "web", `Role "web_ops", which user "ada" has by assignments/ada.yaml, grants action_execute on pack:web.`},
		{rbac.Person{Name: "root"}, "web", `Role "admin", which user "root" has by assignments/root.yaml, may do everything.`},
		{rbac.Person{Name: "ada"}, "db", `User "ada" doesn't have required permission "action_execute" on resource "action:db:x"`},
	} {
		got := p.Decide(tt.who, "action_execute", &rbac.Resource{UID: "action:" + tt.on + ":x", Pack: tt.on})
		if got.Why != tt.want {
			t.Errorf("why %q, want %q", got.Why, tt.want)
		}
	}
}

func TestWhatIsLockedDownIsHiddenFromOthers(t *testing.T) {
	p, found := rbac.Load(folder(map[string]string{
		"roles/pay.yaml": `
name: pay
permission_grants:
  - {resource_uid: pack:pay, permission_types: [pack_view, action_view, action_execute, rule_all], exclusive: true}
  - {resource_uid: "webhook:pay/*", permission_types: [webhook_send], exclusive: true}
`,
		"roles/all.yaml": `
name: all
permission_grants:
  - {resource_uid: "pack:*", permission_types: [action_all, rule_all]}
  - {resource_uid: "webhook:*", permission_types: [webhook_all]}
`,
		"assignments/pat.yaml":  "username: pat\nroles: [pay]\n",
		"assignments/ada.yaml":  "username: ada\nroles: [all]\n",
		"assignments/both.yaml": "username: both\nroles: [all, pay]\n",
		"assignments/eve.yaml":  "username: eve\nroles: [observer]\n",
		"assignments/root.yaml": "username: root\nroles: [admin]\n",
	}))
	if len(found) > 0 {
		t.Fatal(found)
	}
	fix := &rbac.Resource{UID: "action:pay:fix", Pack: "pay"}
	plain := &rbac.Resource{UID: "action:web:restart", Pack: "web"}
	rule := &rbac.Resource{UID: "rule:default:starts_fix", Pack: "default", Shows: []*rbac.Resource{fix}}
	child := &rbac.Resource{UID: "execution:1", Of: plain, Shows: []*rbac.Resource{{UID: "execution:2", Of: fix}}}
	for _, tt := range []struct {
		who             string
		permission      string
		on              *rbac.Resource
		allowed, hidden bool
	}{
		{"pat", "action_execute", fix, true, false},
		{"pat", "action_modify", fix, false, false},
		{"ada", "action_execute", fix, false, true},
		{"ada", "action_execute", plain, true, false},
		{"ada", "rule_view", rule, false, true},
		{"ada", "execution_view", child, false, true},
		{"ada", "execution_view", &rbac.Resource{UID: "execution:3", Of: fix}, false, true},
		{"ada", "webhook_send", &rbac.Resource{UID: "webhook:pay/bill"}, false, true},
		{"ada", "webhook_send", &rbac.Resource{UID: "webhook:web"}, true, false},
		{"both", "action_modify", fix, true, false}, // inside, other roles count as well
		{"both", "rule_view", rule, true, false},
		{"eve", "action_view", fix, false, true},
		{"eve", "rule_view", rule, false, true},
		{"eve", "action_view", plain, true, false},
		{"root", "action_delete", fix, true, false},
		{"nobody", "action_view", fix, false, false}, // as with what does not exist
		{"nobody", "action_view", plain, false, false},
	} {
		got := p.Decide(rbac.Person{Name: tt.who}, tt.permission, tt.on)
		if got.Allowed != tt.allowed || got.Hidden != tt.hidden {
			t.Errorf("%s %s %s: %+v", tt.who, tt.permission, tt.on.UID, got)
		}
	}
	outside := func(who string) string { return p.For(rbac.Person{Name: who}).Outside() }
	if outside("ada") == "" || outside("ada") != outside("eve") || outside("pat") != "" || outside("root") != "" {
		t.Errorf("outside: ada %q, eve %q, pat %q, root %q", outside("ada"), outside("eve"), outside("pat"), outside("root"))
	}
}

func TestLoadTellsAllMistakes(t *testing.T) {
	_, found := rbac.Load(folder(map[string]string{
		"roles/a.yaml": `
name: a
permission_grant: []
permission_grants:
  - permission_types: [action_view, nothing_at_all]
  - {resource_uid: rule:web:x, permission_types: [action_view]}
  - {resource_uid: web, permission_types: [pack_view]}
  - [pack_view]
  - {permission_types: [action_list], exclusive: true}
  - {resource_uid: pack:web, permission_types: [pack_view], exclusive: "yes"}
`,
		"roles/b.yaml":       "name: a\n",
		"roles/c.yaml":       "name: admin\n",
		"roles/d.yaml":       "- x\n",
		"roles/e.yaml":       "name: [\n",
		"assignments/x.yaml": "username: x\nroles: [b]\n",
		"assignments/y.yaml": "username: x\n",
		"mappings/z.yaml":    "roles: []\n",
	}))
	var got []string
	for _, m := range found {
		got = append(got, m.String())
	}
	want := []string{
		`assignments/x.yaml:2:9: there is no role 'b'; there are admin, observer, a`,
		`assignments/y.yaml:1:1: it has no roles`,
		`assignments/y.yaml:1:11: "x" is given roles in assignments/x.yaml already`,
		`mappings/z.yaml:1:1: it has no group`,
		`roles/a.yaml:3:1: there is no key "permission_grant" here; there are name, description, enabled, permission_grants`,
		`roles/a.yaml:5:24: action_view is granted on a resource: name one in resource_uid`,
		`roles/a.yaml:5:37: there is no permission 'nothing_at_all'`,
		`roles/a.yaml:6:51: action_view cannot be granted on a rule`,
		`roles/a.yaml:7:20: "web" is not the UID of a resource, such as pack:web or action:web:restart; nor tag:name=value`,
		`roles/a.yaml:8:5: a grant must be a mapping`,
		`roles/a.yaml:9:50: what is locked down must be named in resource_uid`,
		`roles/a.yaml:10:72: exclusive must be true or false`,
		`roles/b.yaml:1:7: there is a role "a" already`,
		`roles/c.yaml:1:7: "admin" is a role that is always there and cannot be another`,
		`roles/d.yaml:1:1: it is not a mapping`,
	}
	if len(got) != len(want)+1 {
		t.Fatalf("mistakes\n%s", strings.Join(got, "\n"))
	}
	if diff := cmp.Diff(want, got[:len(want)]); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(got[len(want)], "roles/e.yaml:") {
		t.Errorf("mistake %s", got[len(want)])
	}
}

func TestThereAre89Permissions(t *testing.T) {
	n := 0
	for _, typ := range rbac.Types() {
		n += len(typ.Permissions)
	}
	if len(rbac.Types()) != 18 || n != 89 {
		t.Errorf("%d kinds of resources with %d permissions", len(rbac.Types()), n)
	}
}
