-- +goose Up

-- The groups of a user, a JSON list, as the service knew them that the user
-- logged in by last.
ALTER TABLE users ADD COLUMN groups TEXT NOT NULL DEFAULT '[]';
