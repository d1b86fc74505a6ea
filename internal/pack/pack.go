// Package pack reads a pack's folder: what it is, and the actions, rules, types
// of events, sensors, aliases and policies that it brings.
//
// A pack is written by people, so reading it finds every mistake at once, each
// with its file, line and column, and what would be right. One broken file does
// not keep the others from being read. Nothing is changed and nothing is looked
// up elsewhere: whether a trigger type or an action of another pack is there is for
// registration to say.
package pack

import (
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// A Pack is a folder of content that belongs together.
type Pack struct {
	ID                string      `json:"id"`
	UID               string      `json:"uid"`
	Ref               string      `json:"ref"`
	Name              string      `json:"name"` // for people
	Description       string      `json:"description"`
	Keywords          []string    `json:"keywords"`
	Version           string      `json:"version"`
	StackStormVersion string      `json:"stackstorm_version,omitempty"`
	PythonVersions    []string    `json:"python_versions"`
	Author            string      `json:"author"`
	Email             string      `json:"email,omitempty"`
	Contributors      []string    `json:"contributors"`
	Files             []string    `json:"files"` // paths in the folder, with slashes, sorted
	Path              string      `json:"path,omitempty"`
	Dependencies      []string    `json:"dependencies"`
	System            *value.Dict `json:"system"`
}

// A Sensor is a program that watches something outside and gives events.
type Sensor struct {
	ID           string   `json:"id"`
	UID          string   `json:"uid"`
	Ref          string   `json:"ref"`
	Pack         string   `json:"pack"`
	Name         string   `json:"name"` // that of its class
	Description  string   `json:"description"`
	ArtifactURI  string   `json:"artifact_uri"`
	EntryPoint   string   `json:"entry_point"`   // module and class, with dots
	TriggerTypes []string `json:"trigger_types"` // references
	PollInterval *int64   `json:"poll_interval,omitempty"`
	Enabled      bool     `json:"enabled"`
	MetadataFile string   `json:"metadata_file"`
}

// SplitRef cuts a reference into pack and name. Names may contain dots, so the
// first dot counts. It reports whether there is one with something on both sides.
func SplitRef(ref string) (pack, name string, ok bool) {
	pack, name, ok = strings.Cut(ref, ".")
	return pack, name, ok && pack != "" && name != ""
}
