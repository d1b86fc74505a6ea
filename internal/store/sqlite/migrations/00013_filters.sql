-- +goose Up

-- Without these, a list by what is rare looked at all executions. Each makes an insertion dearer, so
-- that of the times, which was walked instead, has no more in it than what it is itself for.
CREATE INDEX executions_user ON executions (user_name, created_at, seq, parent);
CREATE INDEX executions_runner ON executions (runner, created_at, seq, parent);
CREATE INDEX executions_trigger ON executions (trigger_ref, created_at, seq, parent) WHERE trigger_ref IS NOT NULL;
CREATE INDEX executions_trigger_type ON executions (trigger_type, created_at, seq, parent) WHERE trigger_type IS NOT NULL;
DROP INDEX executions_created;
CREATE INDEX executions_created ON executions (created_at, seq, parent);
