package ssh

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/kevinburke/ssh_config"
)

// A configFile is a configuration file of OpenSSH, which is read again when it
// has changed.
type configFile struct {
	path string // empty: there is none

	mu     sync.Mutex
	stamp  time.Time          // of the file that config is of; guarded by mu
	config *ssh_config.Config // guarded by mu
}

// settings is what a configuration file says. The zero value says nothing.
type settings struct{ config *ssh_config.Config }

func (c *configFile) read() (settings, error) {
	if c.path == "" {
		return settings{}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.path)
	if err != nil {
		return settings{}, fmt.Errorf("read the configuration file: %w", err)
	}
	if c.config != nil && info.ModTime().Equal(c.stamp) {
		return settings{c.config}, nil
	}
	text, err := os.ReadFile(c.path)
	if err != nil {
		return settings{}, fmt.Errorf("read the configuration file: %w", err)
	}
	if c.config, err = ssh_config.DecodeBytes(text); err != nil {
		return settings{}, fmt.Errorf("read the configuration file %s: %w", c.path, err)
	}
	c.stamp = info.ModTime()
	return settings{c.config}, nil
}

// get returns what is said of a host, or "".
func (s settings) get(host, key string) string {
	if s.config == nil {
		return ""
	}
	v, err := s.config.Get(host, key)
	if err != nil {
		return "" // only a value that is no good for its key
	}
	return v
}

func (s settings) all(host, key string) []string {
	if s.config == nil {
		return nil
	}
	v, err := s.config.GetAll(host, key)
	if err != nil {
		return nil
	}
	return v
}
