package spec

// What the tests ask of the inside.
var (
	MergeSchemas = mergeSchemas
	Merge        = merge
)
