-- +goose Up

-- Results are compressed by Zstandard from now on; those that are there stay as they are.
ALTER TABLE execution_results RENAME COLUMN gzipped TO packed;
