-- +goose Up

-- What was refused is looked for among all that was done.
CREATE INDEX audit_outcome ON audit (record ->> 'outcome', seq);
