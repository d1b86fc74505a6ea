package rbac

import (
	"slices"
	"strings"
)

// Type is a kind of resource with the permissions that there are on it.
type Type struct {
	Name        string
	Permissions []string // action_list, action_view, …
}

// Types returns all kinds of resources, as the API shows them.
func Types() []Type {
	all := make([]Type, 0, len(table()))
	for _, row := range table() {
		t := Type{Name: row.name}
		for verb := range strings.FieldsSeq(row.verbs) {
			t.Permissions = append(t.Permissions, row.name+"_"+verb)
		}
		all = append(all, t)
	}
	return all
}

type row struct{ name, verbs string }

func table() []row {
	return []row{
		{"runner_type", "list view modify all"},
		{"pack", "list view create modify delete install uninstall register config search views_index_health all"},
		{"sensor_type", "list view modify all"},
		{"action", "list view create modify delete execute all"},
		{"action_alias", "list view create modify match help delete all"},
		{"execution", "list view rerun stop all views_filters_list"},
		{"rule", "list view create modify delete all"},
		{"rule_enforcement", "list view"},
		{"key_value_pair", "list view set delete all"},
		{"webhook", "list view create send delete all"},
		{"timer", "list view all"},
		{"api_key", "list view create modify delete all"},
		{"trace", "list view all"},
		{"trigger", "list view all"},
		{"policy_type", "list view all"},
		{"policy", "list view create modify delete all"},
		{"stream", "view"},
		{"inquiry", "list view respond all"},
	}
}

// split returns the kind of resource and the verb of a permission, and whether there
// is such a permission.
func split(permission string) (kind, verb string, ok bool) {
	for _, r := range table() {
		verb, found := strings.CutPrefix(permission, r.name+"_")
		if found && slices.Contains(strings.Fields(r.verbs), verb) {
			return r.name, verb, true
		}
	}
	return "", "", false
}

// Known reports whether there is a permission.
func Known(permission string) bool {
	_, _, ok := split(permission)
	return ok
}

// KindOf returns the kind of resources that a permission is about; empty: there is none.
func KindOf(permission string) string {
	kind, _, _ := split(permission)
	return kind
}

// Describe says what a permission allows.
func Describe(permission string) string {
	kind, verb, ok := split(permission)
	if !ok {
		return ""
	}
	things := strings.ReplaceAll(kind, "_", " ")
	one := "a " + things
	if strings.ContainsRune("aeiou", rune(kind[0])) {
		one = "an " + things
	}
	switch verb {
	case "all":
		return "Everything with " + one + "."
	case "list":
		return "List what there is of type " + things + "."
	case "views_filters_list":
		return "List what executions can be filtered by."
	case "views_index_health":
		return "See how the indexes of packs are."
	case "match":
		return "Find the alias that a command fits."
	case "help":
		return "See what commands there are."
	case "search":
		return "Find packs that can be installed."
	}
	return strings.ToUpper(verb[:1]) + verb[1:] + " " + one + "."
}

// Global reports whether a permission is granted for all resources at once, without
// one being named.
func Global(permission string) bool {
	switch permission {
	case "pack_install", "pack_uninstall", "pack_create", "pack_register", "pack_config", "pack_search", "pack_views_index_health",
		"action_alias_match", "action_alias_help", "api_key_create", "policy_create", "execution_views_filters_list", "stream_view",
		"inquiry_list", "inquiry_respond", "inquiry_view":
		return true
	}
	return strings.HasSuffix(permission, "_list")
}

// On reports whether a permission may be granted on a resource of a kind: on its own
// kind, and on a pack also for what packs hold.
func On(permission, kind string) bool {
	own, verb, ok := split(permission)
	if !ok || verb == "list" {
		return false
	}
	if own == kind {
		return true
	}
	switch own {
	case "sensor_type", "action", "action_alias", "rule", "trigger":
		return kind == "pack" && verb != "match" && verb != "help"
	}
	return false
}

// ask is what there is to know of a permission.
type ask struct {
	kind, verb string
	looks      bool     // it changes nothing, so that an observer has it
	global     bool     // see [Global]
	enough     []string // permissions of which each is enough for this one
	like       string   // of executions: what has to be granted on their action
}

// asks returns all permissions.
func asks() map[string]ask {
	all := map[string]ask{}
	for _, row := range table() {
		for verb := range strings.FieldsSeq(row.verbs) {
			permission := row.name + "_" + verb
			a := ask{kind: row.name, verb: verb, global: Global(permission), enough: enough(row.name, verb)}
			switch verb {
			case "view", "list", "search", "views_filters_list", "views_index_health":
				a.looks = true
			}
			switch row.name {
			case "rule_enforcement":
				a.enough = enough("rule", verb)
			case "execution":
				a.like = map[string]string{"view": "action_view", "rerun": "action_execute", "stop": "action_execute", "all": "action_all"}[verb]
			}
			all[permission] = a
		}
	}
	return all
}

// enough returns the permissions of which each is enough for what is asked for.
func enough(kind, verb string) []string {
	all := []string{kind + "_" + verb, kind + "_all"}
	if verb != "view" {
		return all
	}
	// Who may do something with a thing may look at it.
	for _, v := range []string{"create", "modify", "delete", "execute", "set"} {
		if _, _, ok := split(kind + "_" + v); ok {
			all = append(all, kind+"_"+v)
		}
	}
	return all
}
