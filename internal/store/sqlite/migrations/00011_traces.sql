-- +goose Up

-- The trace that an execution was asked to be a part of. Of others it follows from
-- what caused them.
ALTER TABLE executions ADD COLUMN trace TEXT;
CREATE INDEX executions_trace ON executions (trace, created_at) WHERE trace IS NOT NULL;
-- What nothing caused: with it a trace begins.
CREATE INDEX executions_first ON executions (created_at, seq) WHERE parent IS NULL AND trigger_instance IS NULL AND trace IS NULL;
