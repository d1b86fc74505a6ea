-- +goose Up

-- Times are microseconds since 1970, UTC; 0 is no time. Every table has a
-- rowid, and ids sort by time, so new rows go to the end of every tree.

CREATE TABLE content (
  kind       TEXT NOT NULL,
  ref        TEXT NOT NULL,
  id         TEXT NOT NULL,
  pack       TEXT NOT NULL,
  body       TEXT NOT NULL,
  digest     TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (kind, ref)
) STRICT;

CREATE TABLE trigger_instances (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL,
  trigger_ref TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  status      TEXT NOT NULL,
  trace_tag   TEXT NOT NULL,
  event_key   TEXT,
  payload     TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX trigger_instances_id ON trigger_instances (id);
CREATE UNIQUE INDEX trigger_instances_key ON trigger_instances (trigger_ref, event_key) WHERE event_key IS NOT NULL;
CREATE INDEX trigger_instances_time ON trigger_instances (occurred_at, seq, status);
CREATE INDEX trigger_instances_trigger ON trigger_instances (trigger_ref, occurred_at);

CREATE TABLE rule_enforcements (
  seq                 INTEGER PRIMARY KEY,
  id                  TEXT NOT NULL,
  rule_ref            TEXT NOT NULL,
  rule_id             TEXT NOT NULL,
  trigger_instance_id TEXT NOT NULL,
  execution_id        TEXT,
  status              TEXT NOT NULL,
  failure_reason      TEXT NOT NULL,
  enforced_at         INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX rule_enforcements_id ON rule_enforcements (id);
CREATE INDEX rule_enforcements_instance ON rule_enforcements (trigger_instance_id);
CREATE INDEX rule_enforcements_rule ON rule_enforcements (rule_ref, enforced_at);
CREATE INDEX rule_enforcements_time ON rule_enforcements (enforced_at, seq, rule_id);

CREATE TABLE executions (
  seq              INTEGER PRIMARY KEY,
  id               TEXT NOT NULL,
  status           TEXT NOT NULL,
  action           TEXT NOT NULL,
  runner           TEXT NOT NULL,
  user_name        TEXT NOT NULL,
  parent           TEXT,
  rule             TEXT,
  trigger_type     TEXT,
  trigger_ref      TEXT,
  trigger_instance TEXT,
  created_at       INTEGER NOT NULL,
  not_before       INTEGER NOT NULL,
  started_at       INTEGER NOT NULL,
  finished_at      INTEGER NOT NULL,
  idempotent       INTEGER NOT NULL,
  attempt          INTEGER NOT NULL,
  worker           TEXT,
  log              TEXT NOT NULL, -- "requested:1790000000000000,scheduled:…"
  result_size      INTEGER NOT NULL,
  context          TEXT NOT NULL,
  notify           TEXT,
  parameters       TEXT NOT NULL,
  result           TEXT, -- up to 64 KiB; above, execution_results has it
  result_apart     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX executions_id ON executions (id);
-- The columns behind seq spare lists with more than one filter, and those
-- whose filter has no index of its own, a look at each row. An index for each
-- such filter would make an insertion half as dear again.
CREATE INDEX executions_created ON executions (created_at, seq, parent, runner, user_name, trigger_type, trigger_ref);
CREATE INDEX executions_status ON executions (status, created_at, seq, parent);
CREATE INDEX executions_action ON executions (action, created_at, seq, parent);
CREATE INDEX executions_rule ON executions (rule, created_at, seq, parent) WHERE rule IS NOT NULL;
CREATE INDEX executions_parent ON executions (parent, created_at) WHERE parent IS NOT NULL;
CREATE INDEX executions_instance ON executions (trigger_instance) WHERE trigger_instance IS NOT NULL;
-- The conditions are asked at each change of an execution. SQLite makes a
-- temporary table for each IN of more than two values, each time: 5 us.
-- What will run when its time comes.
CREATE INDEX executions_due ON executions (status, not_before, seq)
  WHERE status = 'scheduled' OR status = 'requested' OR status = 'delayed';
-- What waits for the policies of an action. It says what it is not, since for
-- what it is SQLite would rather take executions_status.
CREATE INDEX executions_waiting ON executions (action, status, seq, not_before)
  WHERE finished_at = 0 AND status <> 'scheduled' AND status <> 'running' AND status <> 'canceling'
    AND status <> 'pending' AND status <> 'pausing' AND status <> 'paused' AND status <> 'resuming';
-- What counts against the limits of an action.
CREATE INDEX executions_occupying ON executions (action)
  WHERE finished_at = 0 AND status <> 'requested' AND status <> 'delayed';

CREATE TABLE execution_results (
  execution_id TEXT NOT NULL PRIMARY KEY,
  gzipped      BLOB NOT NULL
) STRICT;

CREATE TABLE execution_output (
  seq          INTEGER PRIMARY KEY AUTOINCREMENT, -- readers come back with it, so none is given twice
  execution_id TEXT NOT NULL,
  stream       TEXT NOT NULL,
  at           INTEGER NOT NULL,
  data         TEXT NOT NULL
) STRICT;
CREATE INDEX execution_output_execution ON execution_output (execution_id, seq);
CREATE INDEX execution_output_time ON execution_output (at);

-- Each worker renews one lease for all that it runs.
CREATE TABLE workers (
  id          TEXT NOT NULL PRIMARY KEY,
  started_at  INTEGER NOT NULL,
  lease_until INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (
  scope      TEXT NOT NULL,
  user_name  TEXT NOT NULL,
  name       TEXT NOT NULL,
  id         TEXT NOT NULL,
  value      TEXT NOT NULL,
  secret     INTEGER NOT NULL,
  encrypted  INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (scope, user_name, name)
) STRICT;
CREATE INDEX keys_expiry ON keys (expires_at) WHERE expires_at > 0;

CREATE TABLE users (
  name       TEXT NOT NULL PRIMARY KEY,
  password   TEXT NOT NULL,
  admin      INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tokens (
  hash       TEXT NOT NULL PRIMARY KEY,
  id         TEXT NOT NULL,
  user_name  TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  service    INTEGER NOT NULL,
  metadata   TEXT NOT NULL
) STRICT;
CREATE INDEX tokens_expiry ON tokens (expires_at);

CREATE TABLE api_keys (
  id         TEXT NOT NULL PRIMARY KEY,
  hash       TEXT NOT NULL UNIQUE,
  user_name  TEXT NOT NULL,
  metadata   TEXT NOT NULL,
  enabled    INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tallies (
  name TEXT NOT NULL PRIMARY KEY,
  n    INTEGER NOT NULL
) STRICT;

-- What all servers of one ledger share and nobody configures, such as the key
-- that signs the tokens of executions.
CREATE TABLE settings (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
