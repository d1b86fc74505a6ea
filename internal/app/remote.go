package app

import (
	"cmp"
	"path/filepath"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/ssh"
	"github.com/nightshift-run/nightshift/internal/runner/winrm"
)

// remoteRunners makes what runs actions on other machines.
func (a *App) remoteRunners() map[string]runner.Runner {
	c := a.cfg.SSH
	agent := c.Agent
	for _, entry := range a.opts.Env {
		if socket, ok := strings.CutPrefix(entry, "SSH_AUTH_SOCK="); ok && agent == "" {
			agent = socket
		}
	}
	a.ssh = ssh.New(ssh.Options{
		User: cmp.Or(c.User, a.cfg.Worker.User), Key: c.Key, Agent: agent, Config: c.Config, Spawner: a.spawner, Env: a.opts.Env,
		HostKeys: ssh.HostKeys(c.HostKeys), KnownHosts: c.KnownHosts, Learned: filepath.Join(a.cfg.Data, "ssh", "known_hosts"),
		ConnectTimeout: time.Duration(c.ConnectTimeout), Idle: time.Duration(c.Idle),
		Sessions: c.Sessions, Connections: c.Connections, Parallel: c.Parallel, Partial: c.Partial,
		MaxOutput: a.cfg.Worker.MaxOutput << 20, Logger: a.log("ssh"),
	})
	windows := winrm.New(winrm.Options{MaxOutput: a.cfg.Worker.MaxOutput << 20, Logger: a.log("winrm")})
	return map[string]runner.Runner{
		runner.RemoteShellCmd:    a.ssh.Commands(),
		runner.RemoteShellScript: a.ssh.Scripts(),
		runner.WinRMCmd:          windows.Commands(),
		runner.WinRMPSCmd:        windows.PowerShell(),
		runner.WinRMPSScript:     windows.Scripts(),
	}
}
