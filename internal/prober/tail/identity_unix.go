//go:build unix

package tail

import (
	"fmt"
	"io/fs"
	"syscall"
)

// identity tells a file from others whatever its name is.
func identity(info fs.FileInfo) string {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%d:%d", st.Dev, st.Ino)
	}
	return "?"
}
