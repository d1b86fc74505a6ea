-- +goose Up

-- What a conductor carries is not for workers. task is what the workflow calls
-- the execution that it started, and says that it wants to hear of it.
ALTER TABLE executions ADD COLUMN conducted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE executions ADD COLUMN task TEXT;
DROP INDEX executions_due;
CREATE INDEX executions_due ON executions (status, conducted, not_before, seq)
  WHERE status = 'scheduled' OR status = 'requested' OR status = 'delayed';
-- What a workflow has to stop, or to have paused.
CREATE INDEX executions_live ON executions (parent, seq) WHERE parent IS NOT NULL AND finished_at = 0;

-- A workflow is an execution that has begun. Whoever steps it names the version
-- that it has seen, so that of two only one wins.
CREATE TABLE workflows (
  execution_id TEXT NOT NULL PRIMARY KEY,
  language     TEXT NOT NULL,
  definition   TEXT NOT NULL, -- digest
  version      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX workflows_definition ON workflows (definition);

-- A running workflow keeps the text that it began with.
CREATE TABLE workflow_definitions (
  digest TEXT NOT NULL PRIMARY KEY,
  body   TEXT NOT NULL
) STRICT;

-- The state, in pieces that are saved on their own.
CREATE TABLE workflow_rows (
  execution_id TEXT NOT NULL,
  kind         TEXT NOT NULL,
  key          INTEGER NOT NULL,
  body         TEXT NOT NULL,
  PRIMARY KEY (execution_id, kind, key)
) STRICT, WITHOUT ROWID;

-- What workflows have not heard yet, in order.
CREATE TABLE workflow_inbox (
  seq          INTEGER PRIMARY KEY AUTOINCREMENT,
  execution_id TEXT NOT NULL, -- the workflow
  kind         TEXT NOT NULL,
  child        TEXT NOT NULL,
  body         TEXT NOT NULL
) STRICT;
CREATE INDEX workflow_inbox_workflow ON workflow_inbox (execution_id, seq);

-- When workflows want to be woken.
CREATE TABLE workflow_alarms (
  execution_id TEXT NOT NULL,
  ref          TEXT NOT NULL,
  due          INTEGER NOT NULL,
  PRIMARY KEY (execution_id, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX workflow_alarms_due ON workflow_alarms (due);
