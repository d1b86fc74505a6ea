package sqlite

// Queued returns how many transactions wait for the writer.
func Queued(d *DB) int { return len(d.writer.jobs) }
