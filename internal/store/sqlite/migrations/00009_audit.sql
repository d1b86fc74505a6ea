-- +goose Up

-- Who did what. Each entry has the hash of itself and the one before.
CREATE TABLE audit (
  seq       INTEGER PRIMARY KEY,
  at        INTEGER NOT NULL,
  user_name TEXT NOT NULL,
  record    TEXT NOT NULL,
  hash      TEXT NOT NULL
) STRICT;
CREATE INDEX audit_user ON audit (user_name, seq);
CREATE INDEX audit_time ON audit (at, seq);

-- The last entry that retention has removed.
CREATE TABLE audit_base (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  seq  INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
INSERT INTO audit_base VALUES (1, 0, '');

-- Whoever changes entries has to say so first.
-- +goose StatementBegin
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'entries of the audit log are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit WHEN OLD.seq > (SELECT seq FROM audit_base)
BEGIN SELECT RAISE(ABORT, 'entries of the audit log are removed by retention only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_base_goes_forward BEFORE UPDATE ON audit_base WHEN NEW.seq < OLD.seq
BEGIN SELECT RAISE(ABORT, 'retention of the audit log goes forward only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_base_stays BEFORE DELETE ON audit_base
BEGIN SELECT RAISE(ABORT, 'the audit log has one base'); END;
-- +goose StatementEnd
