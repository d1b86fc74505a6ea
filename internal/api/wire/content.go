package wire

import (
	"encoding/json"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/notify"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/policy"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// Action is something that can be run.
type Action struct {
	Tags         []trigger.Tag   `json:"tags"`
	UID          string          `json:"uid"`
	MetadataFile string          `json:"metadata_file"`
	Name         string          `json:"name"`
	Ref          string          `json:"ref"`
	Description  string          `json:"description"`
	Enabled      bool            `json:"enabled"`
	EntryPoint   string          `json:"entry_point"`
	Pack         string          `json:"pack"`
	RunnerType   string          `json:"runner_type"`
	Parameters   *value.Dict     `json:"parameters"`
	OutputSchema *value.Dict     `json:"output_schema"`
	Notify       json.RawMessage `json:"notify"`
	Idempotent   bool            `json:"idempotent,omitempty"` // ours
	ID           string          `json:"id"`
	Problem      string          `json:"problem,omitempty"` // ours: why it can't be run
}

// ActionOf returns a for the wire.
func ActionOf(a *action.Action) Action {
	return Action{
		Tags: list(a.Tags), UID: a.UID, MetadataFile: a.MetadataFile, Name: a.Name, Ref: a.Ref,
		Description: a.Description, Enabled: a.Enabled, EntryPoint: a.EntryPoint, Pack: a.Pack,
		RunnerType: a.RunnerType, Parameters: dict(a.Parameters), OutputSchema: dict(a.OutputSchema),
		Notify: object(notify.Filled(a.Notify)), Idempotent: a.Idempotent, ID: a.ID,
	}
}

// ActionParameters is what parameters an action takes, its runner's included.
type ActionParameters struct {
	Parameters *value.Dict `json:"parameters"`
}

// Runner is a type of runner.
type Runner struct {
	Name         string      `json:"name"`
	Aliases      []string    `json:"aliases,omitempty"`
	Description  string      `json:"description"`
	UID          string      `json:"uid"`
	Enabled      bool        `json:"enabled"`
	Package      string      `json:"runner_package"`
	Module       string      `json:"runner_module"`
	QueryModule  *string     `json:"query_module,omitempty"`
	Parameters   *value.Dict `json:"runner_parameters"`
	OutputKey    string      `json:"output_key,omitempty"`
	OutputSchema *value.Dict `json:"output_schema"`
	Experimental bool        `json:"experimental,omitempty"`
	Missing      string      `json:"missing,omitempty"` // ours: why this server can't run it
	ID           string      `json:"id"`
}

// RunnerOf returns r for the wire.
func RunnerOf(r *action.RunnerType) Runner {
	return Runner{
		Name: r.Name, Aliases: r.Aliases, Description: r.Description, UID: r.UID, Enabled: r.Enabled,
		Package: r.Package, Module: r.Module, QueryModule: r.QueryModule, Parameters: dict(r.Parameters),
		OutputKey: r.OutputKey, OutputSchema: dict(r.OutputSchema), Experimental: r.Experimental,
		Missing: r.Missing, ID: r.ID,
	}
}

// Rule connects a trigger to an action.
type Rule struct {
	Tags         []trigger.Tag `json:"tags"`
	UID          string        `json:"uid"`
	MetadataFile string        `json:"metadata_file"`
	Name         string        `json:"name"`
	Ref          string        `json:"ref"`
	Description  string        `json:"description"`
	Pack         string        `json:"pack"`
	Type         RuleType      `json:"type"`
	Trigger      RuleTrigger   `json:"trigger"`
	Criteria     *value.Dict   `json:"criteria"`
	Action       RuleAction    `json:"action"`
	Context      *value.Dict   `json:"context"`
	Enabled      bool          `json:"enabled"`
	ID           string        `json:"id"`
	Problem      string        `json:"problem,omitempty"` // ours: why it can't match
}

// RuleType is the type of a rule.
type RuleType struct {
	Ref        string      `json:"ref"`
	Parameters *value.Dict `json:"parameters"`
}

// RuleTrigger is what a rule listens to.
type RuleTrigger struct {
	Type        string      `json:"type"`
	Parameters  *value.Dict `json:"parameters"`
	Ref         string      `json:"ref,omitempty"`
	Description string      `json:"description,omitempty"`
}

// RuleAction is what a rule starts.
type RuleAction struct {
	Ref         string      `json:"ref"`
	Parameters  *value.Dict `json:"parameters"`
	Description string      `json:"description,omitempty"`
}

// RuleOf returns r for the wire.
func RuleOf(r *rule.Rule) Rule {
	return Rule{
		Tags: list(r.Tags), UID: r.UID, MetadataFile: r.MetadataFile, Name: r.Name, Ref: r.Ref,
		Description: r.Description, Pack: r.Pack, Type: RuleType{r.Type.Ref, dict(r.Type.Parameters)},
		Trigger:  RuleTrigger{r.Trigger.Type, dict(r.Trigger.Parameters), r.Trigger.Ref, r.Trigger.Description},
		Criteria: dict(r.Criteria), Action: RuleAction{r.Action.Ref, dict(r.Action.Parameters), r.Action.Description},
		Context: dict(r.Context), Enabled: r.Enabled, ID: r.ID,
	}
}

// RuleKind is a type that rules can have.
type RuleKind struct {
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Enabled     bool        `json:"enabled"`
	Parameters  *value.Dict `json:"parameters"`
	ID          string      `json:"id"`
}

// TriggerType is a kind of event.
type TriggerType struct {
	Description      string        `json:"description"`
	Tags             []trigger.Tag `json:"tags"`
	UID              string        `json:"uid"`
	MetadataFile     string        `json:"metadata_file,omitempty"`
	Ref              string        `json:"ref"`
	Name             string        `json:"name"`
	Pack             string        `json:"pack"`
	PayloadSchema    *value.Dict   `json:"payload_schema"`
	ParametersSchema *value.Dict   `json:"parameters_schema"`
	ID               string        `json:"id"`
}

// TriggerTypeOf returns t for the wire.
func TriggerTypeOf(t *trigger.Type) TriggerType {
	return TriggerType{
		Description: t.Description, Tags: list(t.Tags), UID: t.UID, MetadataFile: t.MetadataFile, Ref: t.Ref,
		Name: t.Name, Pack: t.Pack, PayloadSchema: dict(t.PayloadSchema), ParametersSchema: dict(t.ParametersSchema), ID: t.ID,
	}
}

// Trigger is a type with its parameters filled in.
type Trigger struct {
	Description string      `json:"description,omitempty"`
	UID         string      `json:"uid"`
	Ref         string      `json:"ref"`
	Name        string      `json:"name"`
	Pack        string      `json:"pack"`
	Type        string      `json:"type"`
	Parameters  *value.Dict `json:"parameters"`
	ID          string      `json:"id"`
}

// TriggerOf returns t for the wire.
func TriggerOf(t *trigger.Trigger) Trigger {
	return Trigger{
		Description: t.Description, UID: t.UID, Ref: t.Ref, Name: t.Name, Pack: t.Pack, Type: t.Type,
		Parameters: dict(t.Parameters), ID: t.ID,
	}
}

// Pack is a folder of content.
type Pack struct {
	UID               string      `json:"uid"`
	Ref               string      `json:"ref"`
	Name              string      `json:"name"`
	Description       string      `json:"description"`
	Keywords          []string    `json:"keywords"`
	Version           string      `json:"version"`
	StackStormVersion string      `json:"stackstorm_version,omitempty"`
	PythonVersions    []string    `json:"python_versions"`
	Author            string      `json:"author"`
	Email             string      `json:"email,omitempty"`
	Contributors      []string    `json:"contributors"`
	Files             []string    `json:"files"`
	Path              string      `json:"path,omitempty"`
	Dependencies      []string    `json:"dependencies"`
	System            *value.Dict `json:"system"`
	ID                string      `json:"id"`
}

// PackOf returns p for the wire.
func PackOf(p *pack.Pack) Pack {
	return Pack{
		UID: p.UID, Ref: p.Ref, Name: p.Name, Description: p.Description, Keywords: list(p.Keywords), Version: p.Version,
		StackStormVersion: p.StackStormVersion, PythonVersions: list(p.PythonVersions), Author: p.Author, Email: p.Email,
		Contributors: list(p.Contributors), Files: list(p.Files), Path: p.Path, Dependencies: list(p.Dependencies),
		System: dict(p.System), ID: p.ID,
	}
}

// Sensor is a program that watches something outside.
type Sensor struct {
	Description  string   `json:"description"`
	UID          string   `json:"uid"`
	MetadataFile string   `json:"metadata_file"`
	Name         string   `json:"name"`
	Ref          string   `json:"ref"`
	Pack         string   `json:"pack"`
	ArtifactURI  string   `json:"artifact_uri"`
	EntryPoint   string   `json:"entry_point"`
	TriggerTypes []string `json:"trigger_types"`
	PollInterval *int64   `json:"poll_interval,omitempty"`
	Enabled      bool     `json:"enabled"`
	ID           string   `json:"id"`
}

// SensorOf returns s for the wire.
func SensorOf(s *pack.Sensor) Sensor {
	return Sensor{
		Description: s.Description, UID: s.UID, MetadataFile: s.MetadataFile, Name: s.Name, Ref: s.Ref, Pack: s.Pack,
		ArtifactURI: s.ArtifactURI, EntryPoint: s.EntryPoint, TriggerTypes: list(s.TriggerTypes),
		PollInterval: s.PollInterval, Enabled: s.Enabled, ID: s.ID,
	}
}

// Policy governs the executions of one action.
type Policy struct {
	UID          string      `json:"uid"`
	MetadataFile string      `json:"metadata_file"`
	Name         string      `json:"name"`
	Ref          string      `json:"ref"`
	Pack         string      `json:"pack"`
	Description  string      `json:"description,omitempty"`
	Enabled      bool        `json:"enabled"`
	ResourceRef  string      `json:"resource_ref"`
	PolicyType   string      `json:"policy_type"`
	Parameters   *value.Dict `json:"parameters"`
	ID           string      `json:"id"`
}

// PolicyOf returns p for the wire.
func PolicyOf(p *policy.Policy) Policy {
	return Policy{
		UID: p.UID, MetadataFile: p.MetadataFile, Name: p.Name, Ref: p.Ref, Pack: p.Pack, Description: p.Description,
		Enabled: p.Enabled, ResourceRef: p.ResourceRef, PolicyType: p.PolicyType, Parameters: dict(p.Parameters), ID: p.ID,
	}
}

// PolicyType is a type that policies can have.
type PolicyType struct {
	Name         string      `json:"name"`
	Description  string      `json:"description"`
	UID          string      `json:"uid"`
	Ref          string      `json:"ref"`
	ResourceType string      `json:"resource_type"`
	Enabled      bool        `json:"enabled"`
	Module       string      `json:"module"`
	Parameters   *value.Dict `json:"parameters"`
	ID           string      `json:"id"`
}

// PolicyTypeOf returns t for the wire.
func PolicyTypeOf(t policy.Type) PolicyType {
	return PolicyType{
		Name: t.Name, Description: t.Description, UID: t.UID(), Ref: t.Ref(),
		ResourceType: t.ResourceType, Enabled: t.Enabled, Module: t.Module, Parameters: t.Parameters, ID: t.ID,
	}
}

// JSON writes a value that came from JSON or YAML. What has no JSON is null.
func JSON(v value.Value) json.RawMessage {
	b, err := value.ToJSON(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return b
}

// dict is d, or an empty one.
func dict(d *value.Dict) *value.Dict {
	if d == nil {
		return value.NewDict()
	}
	return d
}

// list is l, or an empty one, so that it is written as [] and not as null.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

func object(b json.RawMessage) json.RawMessage {
	if len(b) == 0 || string(b) == "null" {
		return json.RawMessage("{}")
	}
	return b
}
