package sensorhost

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// maxLog is how long the log of a sensor grows before a new one begins; the last
// one is kept beside it.
const maxLog = 1 << 20

// logFile is the log of one sensor. What can't be written is lost: a full disk
// must not stop a sensor.
type logFile struct {
	path string // empty: nothing is kept

	mu   sync.Mutex
	file *os.File // nil: not open; guarded by mu
	size int64    // guarded by mu
}

func openLog(dir, ref string) *logFile {
	if dir == "" {
		return &logFile{}
	}
	return &logFile{path: logPath(dir, ref)}
}

func logPath(dir, ref string) string { return filepath.Join(dir, filepath.Base(ref)+".log") }

// note writes a line of the host's own.
func (l *logFile) note(what string) {
	l.write(fmt.Sprintf("%s nightshift: %s\n", time.Now().UTC().Format("2006-01-02 15:04:05,000"), what))
}

func (l *logFile) write(text string) {
	if l.path == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil && l.size > maxLog {
		_ = l.file.Close()
		l.file = nil
		_ = os.Rename(l.path, l.path+".1")
	}
	if l.file == nil && !l.open() {
		return
	}
	n, _ := l.file.WriteString(text)
	l.size += int64(n)
}

// open opens the file. Its caller holds mu.
func (l *logFile) open() bool {
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return false
	}
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return false
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return false
	}
	l.file, l.size = f, info.Size()
	return true
}

func (l *logFile) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}

// Log returns the end of the log of a sensor in a folder of logs: at most so many
// bytes, from the beginning of a line on. Nothing is no error.
func Log(dir, ref string, most int) ([]byte, error) {
	path := logPath(dir, ref)
	var text []byte
	for _, file := range []string{path + ".1", path} {
		part, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			return nil, fmt.Errorf("read the log of sensor %s: %w", ref, err)
		}
		text = append(text, part...)
	}
	if len(text) <= most {
		return text, nil
	}
	text = text[len(text)-most:]
	for i, b := range text {
		if b == '\n' {
			return text[i+1:], nil
		}
	}
	return text, nil
}
