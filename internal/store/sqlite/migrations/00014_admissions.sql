-- +goose Up

-- Who let a user in last, and by what name, so that it can be asked again; and since when
-- it has known the user no more.
ALTER TABLE users ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN known_as TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN left_at INTEGER NOT NULL DEFAULT 0;
