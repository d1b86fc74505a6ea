// Package tail reads what is appended to a file, line by line, from where it was
// left.
//
// Where that is, is a [Cursor], which the caller keeps: handed to [Open] again,
// after whatever time, it goes on behind the last line that the cursor counts.
// Files that are rotated are read to their end first, also when that happened
// while nobody looked and the old file is still in the same folder; files that
// are truncated or written anew are read from their beginning. What was written
// to a file that was removed or truncated while nobody looked is gone.
//
// A Follower never reads ahead of what it is asked for, so that who takes lines
// slowly reads slowly, and nothing is left out. It is for one goroutine.
package tail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

const (
	// longest is the length of a line, in bytes; a longer one is handed out in pieces.
	longest = 64 << 10
	// headSize is how many bytes at the beginning tell a file from another one
	// that has taken its place under the same identity.
	headSize = 256
	// patience is how often nothing new must be found in a rotated file before the
	// one in its place is read: its writer may not have heard of the rotation yet.
	patience = 4
)

// A Cursor says which lines of a file were handed out.
type Cursor struct {
	// Generation grows with each file that takes the place of another, and with
	// each truncation, so that it and Offset name a line.
	Generation int    `json:"generation"`
	Offset     int64  `json:"offset"`             // of the first byte that was not handed out
	Identity   string `json:"identity,omitempty"` // of the file; empty: there was none
	Head       string `json:"head,omitempty"`     // hash of the first bytes
	HeadSize   int64  `json:"head_size,omitempty"`
}

// A Line is one line of a file, without its end.
type Line struct {
	Text   string
	Offset int64 // of its first byte
}

// A Follower follows the file of a path.
type Follower struct {
	path   string
	cursor Cursor
	fresh  bool // there is no cursor yet

	file  *os.File // what the cursor is in; nil: it must be found
	seen  int64    // its size when all lines had been read; -1: not known
	quiet int      // how often nothing was found since another file was in its place
}

// Open returns a follower that goes on at a cursor. Without one, it hands out what
// is appended from now on; a file that is not there yet is handed out as a whole.
func Open(path string, at *Cursor) *Follower {
	f := &Follower{path: path, fresh: at == nil, seen: -1}
	if at != nil {
		f.cursor = *at
	}
	return f
}

// Close lets go of the file.
func (f *Follower) Close() {
	if f.file != nil {
		_ = f.file.Close() // it was only read
		f.file = nil
	}
}

// Next returns up to limit lines that were not handed out yet, and the cursor
// behind them. It returns none when there are none at present, and also when it
// comes to another file: then the cursor must be on record before the next call,
// for lines are named by it.
//
// An error, such as fs.ErrNotExist, may pass. The cursor is valid all the same.
func (f *Follower) Next(limit int) ([]Line, Cursor, error) {
	if f.file == nil {
		before := f.cursor
		if err := f.find(); err != nil {
			return nil, f.cursor, err
		}
		if f.cursor != before {
			return nil, f.cursor, nil
		}
	}
	info, err := f.file.Stat()
	if err != nil {
		return nil, f.cursor, f.again(err)
	}
	if info.Size() == f.seen {
		return f.rotated()
	}
	same, err := f.same(f.file, info.Size())
	if err != nil {
		return nil, f.cursor, f.again(err)
	}
	if !same {
		f.begin(f.file, f.cursor.Identity)
		return nil, f.cursor, nil
	}
	lines, err := f.read(limit, false)
	if err != nil {
		return nil, f.cursor, f.again(err)
	}
	if len(lines) == 0 {
		f.seen = info.Size() // nothing is there but the beginning of a line
		return f.rotated()
	}
	f.quiet = 0
	return lines, f.cursor, nil
}

// again lets go of a file that can't be read, so that it is opened anew.
func (f *Follower) again(err error) error {
	f.Close()
	return fmt.Errorf("read %s: %w", f.path, err)
}

// find opens the file that the cursor is in, or that has taken its place.
func (f *Follower) find() error {
	file, id, err := open(f.path)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case err != nil && !missing:
		return err
	case f.fresh && missing: // whatever comes is new
		f.fresh = false
		return err
	case f.fresh:
		return f.start(file, id)
	case f.cursor.Identity == "" && missing:
		return err
	case f.cursor.Identity == "":
		f.begin(file, id)
		return nil
	}
	if !missing && id == f.cursor.Identity {
		size, err := file.Seek(0, io.SeekEnd)
		if err != nil {
			return errors.Join(err, file.Close())
		}
		same, err := f.same(file, size)
		if err != nil {
			return errors.Join(err, file.Close())
		}
		if same {
			f.file, f.seen, f.quiet = file, -1, 0
		} else {
			f.begin(file, id)
		}
		return nil
	}
	if old := f.renamed(); old != nil {
		if !missing {
			_ = file.Close() // it comes after the old one
		}
		f.file, f.seen, f.quiet = old, -1, patience // its writer is long done
		return nil
	}
	if missing {
		return err
	}
	f.begin(file, id)
	return nil
}

// start makes the end of a file the cursor.
func (f *Follower) start(file *os.File, id string) error {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.fresh, f.file, f.seen = false, file, -1
	f.cursor.Identity, f.cursor.Offset = id, size
	return f.remember()
}

// begin makes the beginning of a file the cursor.
func (f *Follower) begin(file *os.File, id string) {
	f.file, f.seen, f.quiet = file, -1, 0
	f.cursor = Cursor{Generation: f.cursor.Generation + 1, Identity: id}
}

// same reports whether a file is what the cursor is in: it has all that was
// handed out, and begins as it did then.
func (f *Follower) same(file *os.File, size int64) (bool, error) {
	if size < f.cursor.Offset {
		return false, nil
	}
	head, err := headOf(file, f.cursor.HeadSize)
	return head == f.cursor.Head, err
}

// remember takes more of the beginning of the file into the cursor, once there
// is more.
func (f *Follower) remember() error {
	n := min(headSize, f.cursor.Offset)
	if n == f.cursor.HeadSize {
		return nil
	}
	head, err := headOf(f.file, n)
	if err == nil {
		f.cursor.Head, f.cursor.HeadSize = head, n
	}
	return err
}

func headOf(file *os.File, n int64) (string, error) {
	if n == 0 {
		return "", nil
	}
	buf := make([]byte, n)
	got, err := file.ReadAt(buf, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	sum := sha256.Sum256(buf[:got])
	return hex.EncodeToString(sum[:12]), nil
}

// renamed finds the file that the cursor is in under another name in its folder,
// as rotation leaves it.
func (f *Follower) renamed() *os.File {
	dir := filepath.Dir(f.path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasPrefix(e.Name(), stem(f.path)) {
			continue
		}
		file, id, err := open(filepath.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		if info, err := file.Stat(); err == nil && id == f.cursor.Identity {
			if same, err := f.same(file, info.Size()); err == nil && same {
				return file
			}
		}
		_ = file.Close() // it is another one
	}
	return nil
}

// stem is what the names of rotated files begin with: app.log becomes app.log.1,
// or app-20261122.log.
func stem(path string) string {
	name := filepath.Base(path)
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// rotated looks, when there are no more lines, whether another file has taken the
// place of this one, and goes on to it after a while.
func (f *Follower) rotated() ([]Line, Cursor, error) {
	info, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, f.cursor, nil // it keeps its place until there is another
	}
	if err != nil {
		return nil, f.cursor, err
	}
	if identity(info) == f.cursor.Identity {
		f.quiet = 0
		return nil, f.cursor, nil
	}
	if f.quiet++; f.quiet <= patience {
		return nil, f.cursor, nil
	}
	// The last line may lack its end.
	lines, err := f.read(1, true)
	if err != nil {
		return nil, f.cursor, f.again(err)
	}
	if len(lines) > 0 {
		return lines, f.cursor, nil
	}
	file, id, err := open(f.path)
	if err != nil {
		return nil, f.cursor, err
	}
	f.Close()
	f.begin(file, id)
	return nil, f.cursor, nil
}

// read returns up to limit lines behind the cursor and moves it behind them. With
// rest, the last line needs no end.
func (f *Follower) read(limit int, rest bool) ([]Line, error) {
	buf := make([]byte, longest)
	n, err := f.file.ReadAt(buf, f.cursor.Offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	buf = buf[:n]
	var lines []Line
	for len(buf) > 0 && len(lines) < limit {
		end := bytes.IndexByte(buf, '\n')
		next := end + 1
		if end < 0 {
			if len(lines) > 0 || !rest && len(buf) < longest {
				break
			}
			end = whole(buf)
			next = end
		}
		text := strings.TrimSuffix(string(buf[:end]), "\r")
		lines = append(lines, Line{Text: strings.ToValidUTF8(text, "\uFFFD"), Offset: f.cursor.Offset})
		f.cursor.Offset += int64(next)
		buf = buf[next:]
	}
	return lines, f.remember()
}

// whole is how many bytes of a piece do not cut a character in two.
func whole(piece []byte) int {
	for n := len(piece); n > max(0, len(piece)-utf8.UTFMax); n-- {
		if utf8.RuneStart(piece[n-1]) {
			if utf8.FullRune(piece[n-1:]) {
				break
			}
			if n > 1 {
				return n - 1
			}
		}
	}
	return len(piece)
}

// open opens a file to read, unless it is a pipe or a device, which have no offsets.
func open(path string) (*os.File, string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, "", err
	}
	if !info.Mode().IsRegular() {
		return nil, "", fmt.Errorf("%s is not a regular file", path)
	}
	file, err := os.Open(path) //nolint:gosec // rules name it
	if err != nil {
		return nil, "", err
	}
	if info, err = file.Stat(); err != nil {
		return nil, "", errors.Join(err, file.Close())
	}
	return file, identity(info), nil
}
