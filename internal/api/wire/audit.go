package wire

import "github.com/nightshift-run/nightshift/internal/audit"

// AuditLog says where the audit log begins and has come to.
type AuditLog struct {
	Base audit.Head `json:"base"` // the last entry that retention has removed
	Head audit.Head `json:"head"`
}
