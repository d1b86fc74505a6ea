//go:build !unix

package bench

import "time"

var begun = time.Now() //nolint:gochecknoglobals // when the process began, nearly

// processorTime stands in for what this system does not say.
func processorTime() time.Duration { return time.Since(begun) }
