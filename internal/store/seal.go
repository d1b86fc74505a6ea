package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/secret"
)

// Sealer seals what must not be read from the disk. [secret.Ring] does.
type Sealer interface {
	Seal(plain []byte, about string) string
	Open(sealed, about string) ([]byte, error)
}

// SealWith has what is secret about executions sealed. It is called before the store is used.
func (s *Store) SealWith(x Sealer) { s.sealer = x }

// What of an execution is sealed.
const (
	sealedSecrets    = "secrets"
	sealedParameters = "parameters"
	sealedResult     = "result"
	sealedRow        = "row"

	// anyWorkflow is whose rows are: a workflow that runs again begins with those of another.
	anyWorkflow = "workflow"
)

func aboutExecution(id, part string) string { return "execution\x00" + id + "\x00" + part }

// sealed returns a part of an execution as it is stored.
func (r Reader) sealed(id, part string, plain []byte) string {
	if r.sealer == nil {
		return string(plain)
	}
	return r.sealer.Seal(plain, aboutExecution(id, part))
}

// opened returns a part of an execution that may be sealed.
func (r Reader) opened(id, part string, stored []byte) ([]byte, error) {
	if !secret.Sealed(string(stored[:min(len(stored), 8)])) {
		return stored, nil
	}
	if r.sealer == nil {
		return nil, fmt.Errorf("%s of execution %s: %w", part, id, secret.ErrNoKey)
	}
	b, err := r.sealer.Open(string(stored), aboutExecution(id, part))
	if err != nil {
		return nil, fmt.Errorf("%s of execution %s: %w", part, id, err)
	}
	return b, nil
}

// writeSecrets returns the column of the secrets of an execution; NULL when there are none.
func (r Reader) writeSecrets(id string, secrets []string) (sql.NullString, error) {
	if len(secrets) == 0 {
		return sql.NullString{}, nil
	}
	b, err := json.Marshal(secrets)
	if err != nil {
		return sql.NullString{}, fmt.Errorf("write the secrets of execution %s: %w", id, err)
	}
	return null(r.sealed(id, sealedSecrets, b)), nil
}

func (r Reader) readSecrets(id string, column sql.NullString) (secrets []string, err error) {
	if !column.Valid {
		return nil, nil
	}
	b, err := r.opened(id, sealedSecrets, []byte(column.String))
	if err == nil {
		err = json.Unmarshal(b, &secrets)
	}
	if err != nil {
		return nil, fmt.Errorf("read the secrets of execution %s: %w", id, err)
	}
	return secrets, nil
}

// Secrets returns the secrets that an execution has seen.
func (r Reader) Secrets(ctx context.Context, id string) ([]string, error) {
	var column sql.NullString
	err := r.c.QueryRow(ctx, `SELECT secrets FROM executions WHERE id = $1`, id).Scan(&column)
	if err != nil {
		return nil, notFound(err, "execution %s", id)
	}
	return r.readSecrets(id, column)
}

// AddSecrets notes that an execution has seen more secrets, and with it the workflows that it is a
// part of, which hear of what came of them.
func (tx *Tx) AddSecrets(ctx context.Context, id string, secrets []string) error {
	for id != "" && len(secrets) > 0 {
		var parent, column sql.NullString
		err := tx.c.QueryRow(ctx, `SELECT parent, secrets FROM executions WHERE id = $1`, id).Scan(&parent, &column)
		if err != nil {
			return notFound(err, "execution %s", id)
		}
		known, err := tx.readSecrets(id, column)
		if err != nil {
			return err
		}
		if all := secret.Union(known, secrets); len(all) > len(known) {
			if column, err = tx.writeSecrets(id, all); err != nil {
				return err
			}
			if _, err := tx.c.Exec(ctx, `UPDATE executions SET secrets = $2 WHERE id = $1`, id, column); err != nil {
				return fmt.Errorf("note the secrets of execution %s: %w", id, err)
			}
		}
		id = parent.String
	}
	return nil
}

// ForgetSecrets removes all that is sealed, for whoever has lost the key for good: the secrets
// of the datastore, and what executions with secrets were given and returned. Those that
// were not over are abandoned. It returns how many pairs and executions that were.
func (tx *Tx) ForgetSecrets(ctx context.Context, now time.Time) (pairs, executions int, err error) {
	if pairs, err = tx.affected(tx.c.Exec(ctx, `DELETE FROM keys WHERE secret = 1`)); err != nil {
		return 0, 0, fmt.Errorf("forget secrets: %w", err)
	}
	for _, q := range []string{
		`DELETE FROM workflow_rows WHERE execution_id IN (SELECT id FROM executions WHERE secrets IS NOT NULL)`,
		`DELETE FROM execution_results WHERE execution_id IN (SELECT id FROM executions WHERE secrets IS NOT NULL)`,
		`DELETE FROM settings WHERE substr(value, 1, 5) = 'nss1.'`,
		`DELETE FROM data_keys`,
	} {
		if _, err := tx.c.Exec(ctx, q); err != nil {
			return 0, 0, fmt.Errorf("forget secrets: %w", err)
		}
	}
	_, err = tx.c.Exec(ctx, `
		UPDATE executions SET status = 'abandoned', finished_at = $1, log = log || $2, worker = NULL
		WHERE secrets IS NOT NULL AND finished_at = 0`, micros(now), logEntry(execution.Abandoned, now))
	if err != nil {
		return 0, 0, fmt.Errorf("forget secrets: %w", err)
	}
	const lost = `{"error": "The key that it was sealed with is lost."}`
	executions, err = tx.affected(tx.c.Exec(ctx, `
		UPDATE executions SET parameters = '{}', result = $1, result_size = $2, result_apart = 0, secrets = NULL
		WHERE secrets IS NOT NULL`, lost, len(lost)))
	if err != nil {
		return 0, 0, fmt.Errorf("forget secrets: %w", err)
	}
	return pairs, executions, tx.change(changedKey, "all secrets", map[string]int{"keys": pairs, "executions": executions}, nil)
}
