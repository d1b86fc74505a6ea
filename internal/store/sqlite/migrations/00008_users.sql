-- +goose Up

-- A disabled user is shut out, whatever is shown.
ALTER TABLE users ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;

CREATE INDEX tokens_user ON tokens (user_name);
