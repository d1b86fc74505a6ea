-- +goose Up

-- What secrets are sealed with, each wrapped by the master key, which is not in
-- here. One that is retired opens only.
CREATE TABLE data_keys (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  wrapped    TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  retired_at INTEGER NOT NULL DEFAULT 0
) STRICT;
