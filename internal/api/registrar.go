package api

import (
	"context"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/alias"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/policy"
	"github.com/nightshift-run/nightshift/internal/register"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// Registrar registers things. Each method checks first, and when it returns nil
// the change is in the ledger and in the catalog. Errors that are the asker's
// are faults: Invalid with all mistakes, Conflict with the id of what is in the
// way, NotFound. What is returned is as it was registered, with its id.
type Registrar interface {
	CreateAction(ctx context.Context, a *action.Action) (*action.Action, error)
	UpdateAction(ctx context.Context, ref string, a *action.Action) (*action.Action, error)
	DeleteAction(ctx context.Context, ref string) error

	CreateRule(ctx context.Context, r *rule.Rule) (*rule.Rule, error)
	UpdateRule(ctx context.Context, ref string, r *rule.Rule) (*rule.Rule, error)
	DeleteRule(ctx context.Context, ref string) error
	// DraftRule checks a rule as CreateRule does, and keeps nothing.
	DraftRule(ctx context.Context, r *rule.Rule) (*rule.Matcher, error)

	CreatePolicy(ctx context.Context, p *policy.Policy) (*policy.Policy, error)
	UpdatePolicy(ctx context.Context, ref string, p *policy.Policy) (*policy.Policy, error)
	DeletePolicy(ctx context.Context, ref string) error

	CreateAlias(ctx context.Context, a *alias.Alias) (*alias.Alias, error)
	UpdateAlias(ctx context.Context, ref string, a *alias.Alias) (*alias.Alias, error)
	DeleteAlias(ctx context.Context, ref string) error

	CreateTriggerType(ctx context.Context, t *trigger.Type) (*trigger.Type, error)
	UpdateTriggerType(ctx context.Context, ref string, t *trigger.Type) (*trigger.Type, error)
	DeleteTriggerType(ctx context.Context, ref string) error

	// CreateTrigger returns the trigger that is there if it is just the same.
	CreateTrigger(ctx context.Context, t *trigger.Trigger) (*trigger.Trigger, error)
	UpdateTrigger(ctx context.Context, ref string, t *trigger.Trigger) (*trigger.Trigger, error)
	DeleteTrigger(ctx context.Context, ref string) error

	// EnableRunner switches a runner type on or off.
	EnableRunner(ctx context.Context, name string, enabled bool) (*action.RunnerType, error)

	// EnableSensor switches a sensor on or off.
	EnableSensor(ctx context.Context, ref string, enabled bool) (*pack.Sensor, error)

	// Configure sets the configuration of a pack.
	Configure(ctx context.Context, ref string, values *value.Dict) error

	// RegisterPacks reads the folders of packs again, of all when there are no
	// names, and returns how many things of each kind it found.
	RegisterPacks(ctx context.Context, packs, types []string) (counts map[string]int, findings []string, err error)

	// WriteFiles writes files of a pack and registers it, all or nothing.
	WriteFiles(ctx context.Context, pack string, files []register.File) error
}

// systemPacks come with the server; what is in them is not for clients to change.
func systemPack(pack string) bool {
	switch pack {
	case "core", "chatops", "linux", "packs", "alerts", "probes":
		return true
	default:
		return false
	}
}

func guardPack(pack string) error {
	if systemPack(pack) {
		return fault.Newf(fault.Invalid, "Resources belonging to system level packs can't be manipulated")
	}
	return nil
}
