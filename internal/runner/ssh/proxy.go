package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nightshift-run/nightshift/internal/process"
)

// plain is a name that means the same to a shell as to anybody else: who may name a
// host must not get to run a command with it.
var plain = regexp.MustCompile(`^[A-Za-z0-9_.:][A-Za-z0-9_.:@%-]*$`)

// proxyCommand fills in the tokens of a ProxyCommand: %h and %p are the address, %n
// the host as it was named, %r the user.
func proxyCommand(command, name, addr, user string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	tokens := map[byte]string{'h': host, 'p': port, 'n': name, 'r': user, '%': "%"}
	var out strings.Builder
	for i := 0; i < len(command); i++ {
		if command[i] != '%' {
			out.WriteByte(command[i])
			continue
		}
		i++
		if i == len(command) {
			return "", errors.New("ProxyCommand ends in a single %")
		}
		text, ok := tokens[command[i]]
		if !ok {
			return "", fmt.Errorf("ProxyCommand has %%%c, which is not known: there are %%h, %%p, %%n, %%r and %%%%", command[i])
		}
		if command[i] != '%' && !plain.MatchString(text) {
			return "", fmt.Errorf("%q can't be put into ProxyCommand: it has characters that a shell may take for a command", text)
		}
		out.WriteString(text)
	}
	return out.String(), nil
}

// A piped is a connection over the input and output of a program.
type piped struct {
	net.Conn
	end   context.CancelFunc
	ended chan struct{} // closed when the program and all that it started have ended

	mu   sync.Mutex
	said []byte // the end of what it wrote to its standard error; guarded by mu
}

// pipe starts a program and returns the connection that it makes. The program ends
// with that.
func (p *pool) pipe(command string) (*piped, error) {
	if p.opts.Spawner == nil {
		return nil, errors.New("ProxyCommand can't be used here: ProxyJump can")
	}
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make a socket for ProxyCommand: %w", err)
	}
	theirs, ours := os.NewFile(uintptr(fds[1]), "proxy"), os.NewFile(uintptr(fds[0]), "proxy")
	wire, err := net.FileConn(ours)
	_ = ours.Close() // the connection has one of its own
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a socket for ProxyCommand: %w", err), theirs.Close())
	}
	ctx, cancel := context.WithCancel(p.life)
	c := &piped{Conn: wire, end: cancel, ended: make(chan struct{})}
	p.all.Go(func() {
		defer close(c.ended)
		_, err := p.opts.Spawner.Run(ctx, &process.Cmd{
			Path: "/bin/sh", Args: []string{"sh", "-c", "exec <&3 >&3 3>&-; " + command}, Dir: "/", Env: p.opts.Env,
			Files: []*os.File{theirs}, Stderr: c.hear,
		})
		if err != nil {
			c.hear([]byte(err.Error())) // our end of the socket is at its end by this, too
		}
		<-ctx.Done() // what it said last may still be read
		_ = wire.Close()
	})
	return c, nil
}

// hear keeps the end of what the program says.
func (c *piped) hear(piece []byte) {
	const most = 1 << 10
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = append(c.said, piece...)
	if len(c.said) > most {
		c.said = c.said[len(c.said)-most:]
	}
}

// Close implements [net.Conn]. It does not wait for the program. The socket is closed
// when that has ended: a program that ended by itself, because nobody is at the other
// end any more, would leave behind what it has started.
func (c *piped) Close() error {
	c.end()
	return c.SetDeadline(time.Unix(1, 0))
}

// words ends the program and returns what it said last.
func (c *piped) words() string {
	_ = c.Close()
	<-c.ended
	c.mu.Lock()
	defer c.mu.Unlock()
	text := strings.TrimSpace(string(c.said))
	return text[strings.LastIndexByte(text, '\n')+1:]
}
