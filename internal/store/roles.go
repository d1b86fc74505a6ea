package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Roles are what the files of roles say, as the audit log has it: by name, and by the files
// of assignments. Nil is that roles are off.
type Roles struct {
	Roles       map[string]json.RawMessage `json:"roles"`
	Assignments map[string]json.RawMessage `json:"assignments"`
}

// rolesSetting is the name of what was kept last.
const rolesSetting = "roles"

// KeepRoles keeps what the files of roles say from now on, and notes in what that differs
// from what was kept before.
func (tx *Tx) KeepRoles(ctx context.Context, now *Roles) error {
	after, err := json.Marshal(now)
	if err != nil {
		return fmt.Errorf("keep roles: %w", err)
	}
	kept, err := tx.Setting(ctx, rolesSetting, "null")
	if err != nil || kept == string(after) {
		return err
	}
	var before *Roles
	if err := json.Unmarshal([]byte(kept), &before); err != nil {
		return fmt.Errorf("read kept roles: %w", err)
	}
	if on := map[bool]any{true: map[string]bool{"enable": true}}; (before == nil) != (now == nil) {
		if err := tx.change(changedSetting, "rbac", on[before != nil], on[now != nil]); err != nil {
			return err
		}
	}
	if before == nil {
		before = new(Roles)
	}
	if now == nil {
		now = new(Roles)
	}
	if err := tx.differences(changedRole, before.Roles, now.Roles); err != nil {
		return err
	}
	if err := tx.differences(changedAssignment, before.Assignments, now.Assignments); err != nil {
		return err
	}
	return tx.PutSetting(ctx, rolesSetting, string(after))
}

// differences notes in what things of a kind differ.
func (tx *Tx) differences(kind string, before, after map[string]json.RawMessage) error {
	names := maps.Clone(before)
	if names == nil {
		names = map[string]json.RawMessage{}
	}
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if bytes.Equal(before[name], after[name]) {
			continue
		}
		if err := tx.change(kind, name, orNil(before[name]), orNil(after[name])); err != nil {
			return err
		}
	}
	return nil
}
