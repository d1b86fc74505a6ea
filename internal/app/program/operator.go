package program

import (
	"os"
	"os/user"
	"strconv"
)

// operator is who runs the command, as the operating system knows them.
func operator() string {
	name := "uid " + strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if by := os.Getenv("SUDO_USER"); by != "" {
		name += ", by sudo of " + by
	}
	return name
}
