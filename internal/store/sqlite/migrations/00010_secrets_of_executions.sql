-- +goose Up

-- The secrets that an execution has seen, sealed: they are masked in all that is shown
-- of it, and then its parameters and its result are sealed, too.
ALTER TABLE executions ADD COLUMN secrets TEXT;
CREATE INDEX executions_secret ON executions (created_at) WHERE secrets IS NOT NULL;
