-- +goose Up

-- Until when somebody is waited for; 0 is for ever.
ALTER TABLE executions ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX executions_expiring ON executions (status, expires_at, seq) WHERE expires_at > 0;

-- The executions whose end somebody is still to be told of.
CREATE TABLE notices (
  execution_id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
