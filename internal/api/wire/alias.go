package wire

import (
	"encoding/json"

	"github.com/nightshift-run/nightshift/internal/alias"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Alias lets people run an action with words of their own.
type Alias struct {
	UID                 string        `json:"uid"`
	MetadataFile        string        `json:"metadata_file"`
	Name                string        `json:"name"`
	Ref                 string        `json:"ref"`
	Description         string        `json:"description"`
	Pack                string        `json:"pack"`
	Enabled             bool          `json:"enabled"`
	ActionRef           string        `json:"action_ref"`
	Formats             alias.Formats `json:"formats"`
	Ack                 *value.Dict   `json:"ack"`
	Result              *value.Dict   `json:"result"`
	Extra               *value.Dict   `json:"extra"`
	ImmutableParameters *value.Dict   `json:"immutable_parameters"`
	ID                  string        `json:"id"`
}

// AliasOf returns a for the wire.
func AliasOf(a *alias.Alias) Alias {
	return Alias{
		UID: a.UID, MetadataFile: a.MetadataFile, Name: a.Name, Ref: a.Ref, Description: a.Description, Pack: a.Pack,
		Enabled: a.Enabled, ActionRef: a.ActionRef, Formats: a.Formats, Ack: dict(a.Ack),
		Result: dict(a.Result), Extra: dict(a.Extra), ImmutableParameters: dict(a.ImmutableParameters), ID: a.ID,
	}
}

// AliasMatch is the alias that a command fits, and how.
type AliasMatch struct {
	ActionAlias    Alias   `json:"actionalias"`
	Display        *string `json:"display"`
	Representation string  `json:"representation"`
}

// AliasHelp is the help about commands.
type AliasHelp struct {
	Available   int         `json:"available"`
	HelpStrings []AliasLine `json:"helpstrings"`
}

// AliasLine is one line of help.
type AliasLine struct {
	Pack        string `json:"pack"`
	Display     string `json:"display"`
	Description string `json:"description"`
}

// AliasRequest is a command that somebody wrote in a chat.
type AliasRequest struct {
	Name                string          `json:"name,omitempty"` // of the alias
	Format              string          `json:"format,omitempty"`
	Command             string          `json:"command"`
	User                string          `json:"user,omitempty"`
	SourceChannel       string          `json:"source_channel"`
	SourceContext       json.RawMessage `json:"source_context,omitempty"`
	NotificationChannel string          `json:"notification_channel,omitempty"`
	NotificationRoute   string          `json:"notification_route,omitempty"`
}

// AliasExecution is what a command has started.
type AliasExecution struct {
	Execution   Execution       `json:"execution"`
	ActionAlias Alias           `json:"actionalias"`
	Message     *string         `json:"message,omitempty"`
	Extra       json.RawMessage `json:"extra,omitempty"`
}

// ChatMessage is what a chat is told of the end of an execution.
type ChatMessage struct {
	Enabled bool            `json:"enabled"` // false: the alias has it told nothing, and would say this in the usual words
	Message string          `json:"message"`
	Extra   json.RawMessage `json:"extra,omitempty"` // for the chat's side
}

// AliasExecutions is what a command has started that may start several.
type AliasExecutions struct {
	Results []AliasExecution `json:"results"`
}
