-- +goose Up

-- What each probe remembers: how far it has read, or how its target was last.
CREATE TABLE probe_states (
  trigger_uid TEXT    NOT NULL PRIMARY KEY,
  state       TEXT    NOT NULL,
  changed_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
