package process

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// hopeless is how long SIGKILL is repeated before those who are still there are
// given up.
const hopeless = 5 * time.Second

// end ends the whole tree of a program whose context is done. It returns how
// many processes it could not end.
func (r *run) end() int {
	root, err := readProc(r.child.pid)
	if err != nil {
		return r.endGroup() // there is no /proc here
	}
	mark := []byte(r.mark)
	t := tree{
		since:  root.start,
		seed:   func(p *proc) bool { return p.pid == root.pid },
		marked: func(m []byte) bool { return bytes.Equal(m, mark) },
		signal: r.cmd.Signal,
	}
	left := t.end(r.spawner.opts.Grace)
	if left > 0 {
		r.child.abandon()
	}
	return left
}

// KillMarked ends all processes whose mark is one of those that match, with all
// that descends from them: first with SIGTERM and, after the grace, with
// SIGKILL. It is for what a server that died has left behind. It returns how many
// processes it could not end.
func KillMarked(match func(mark string) bool, grace time.Duration) int {
	t := tree{
		seed:   func(*proc) bool { return false },
		marked: func(m []byte) bool { return match(string(m)) },
	}
	return t.end(grace)
}

// End ends the processes of a mark with all that descends from them, as
// [KillMarked] does, where the system has no marks the group of their leader. It
// is for programs that others have started.
func End(_ int, mark string, grace time.Duration) int {
	return KillMarked(func(m string) bool { return m == mark }, grace)
}

// tree finds and ends the processes that belong together.
type tree struct {
	since  uint64                 // nobody who started earlier belongs
	seed   func(p *proc) bool     // who belongs anyway
	marked func(mark []byte) bool // whose mark makes one belong
	signal func(sig syscall.Signal, pids []int) error
}

// end ends the tree and returns how many are left.
func (t *tree) end(grace time.Duration) int {
	live := t.send(syscall.SIGTERM)
	if live == 0 {
		return 0
	}
	t.send(syscall.SIGCONT) // who was stopped could not see it
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	pause := 2 * time.Millisecond
	for until := time.Now().Add(grace); live > 0 && time.Now().Before(until); {
		timer.Reset(min(pause, time.Until(until)))
		<-timer.C
		pause = min(2*pause, 100*time.Millisecond)
		live = len(t.members())
	}
	pause = 2 * time.Millisecond
	for until := time.Now().Add(hopeless); live > 0 && time.Now().Before(until); {
		if live = t.send(syscall.SIGKILL); live > 0 {
			timer.Reset(pause)
			<-timer.C
			pause = min(2*pause, 100*time.Millisecond)
		}
	}
	return live
}

// send signals everybody in the tree and returns how many there are.
func (t *tree) send(sig syscall.Signal) int {
	members := t.members()
	var foreign []int
	for i := range members {
		if err := members[i].kill(sig); errors.Is(err, syscall.EPERM) {
			foreign = append(foreign, members[i].pid)
		}
	}
	if len(foreign) > 0 && t.signal != nil {
		_ = t.signal(sig, foreign) // who is still there is seen at the next look
	}
	return len(members)
}

// looks bounds how often an empty look at a system in motion is repeated.
const looks = 20

// members returns the processes of the tree that are alive. Who starts a
// successor and ends may do both between two entries of a look; so nobody is only
// believed when nobody vanished meanwhile.
func (t *tree) members() []proc {
	for range looks {
		if all, still := t.look(); len(all) > 0 || still {
			return all
		}
	}
	return nil
}

// look reads all processes once, and reports whether it was still meanwhile:
// everybody who was listed could be read.
func (t *tree) look() (members []proc, still bool) {
	all, still := readProcs(t.since)
	own, _ := readProc(os.Getpid())
	in := make(map[int]bool)       // numbers of processes
	together := make(map[int]bool) // numbers of sessions and groups
	take := func(p *proc) {
		in[p.pid] = true
		if p.session != own.session {
			together[p.session] = true
		}
		if p.group != own.group {
			together[p.group] = true
		}
	}
	for i := range all {
		if t.seed(&all[i]) {
			take(&all[i])
		}
	}
	asked := make(map[int]bool)
	for grown := true; grown; {
		grown = false
		for i := range all {
			p := &all[i]
			if in[p.pid] || p.pid == own.pid || p.pid == 1 {
				continue
			}
			belongs := in[p.parent] || together[p.session] || together[p.group]
			if !belongs && !asked[p.pid] {
				asked[p.pid] = true
				mark, gone := p.mark()
				still = still && !gone
				belongs = mark != nil && t.marked(mark)
			}
			if belongs {
				take(p)
				grown = true
			}
		}
	}
	return slices.DeleteFunc(all, func(p proc) bool { return !in[p.pid] || p.dead }), still
}

// proc is a process as /proc shows it.
type proc struct {
	pid, parent, group, session int
	start                       uint64 // in ticks since boot; with pid it names a process for ever
	dead                        bool   // a zombie, or on its way to be one
}

// kill signals exactly this process, even if its number is another's by now.
func (p *proc) kill(sig syscall.Signal) error {
	handle, err := os.FindProcess(p.pid)
	if err != nil {
		return err
	}
	defer handle.Release() //nolint:errcheck // it can't be undone
	if now, err := readProc(p.pid); err != nil || now.start != p.start {
		return os.ErrProcessDone
	}
	return handle.Signal(sig)
}

// mark returns the mark that the process was started with, or nil, and whether
// the process is gone.
func (p *proc) mark() (mark []byte, gone bool) {
	env, err := os.ReadFile("/proc/" + strconv.Itoa(p.pid) + "/environ")
	if err != nil {
		return nil, !errors.Is(err, os.ErrPermission)
	}
	for entry := range bytes.SplitSeq(env, []byte{0}) {
		if mark, ok := bytes.CutPrefix(entry, []byte(markName+"=")); ok {
			return mark, false
		}
	}
	return nil, false
}

// readProcs returns all processes that did not start before since, and whether
// none vanished while they were read.
func readProcs(since uint64) (all []proc, still bool) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, true
	}
	defer dir.Close() //nolint:errcheck // only read
	names, _ := dir.Readdirnames(-1)
	still = true
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		p, err := readProc(pid)
		switch {
		case err != nil:
			still = false
		case p.start >= since:
			all = append(all, p)
		}
	}
	return all, still
}

var errNoProc = errors.New("process: no such process")

// readProc reads one process.
func readProc(pid int) (proc, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return proc{}, err
	}
	// The name is in parentheses and may hold anything, parentheses too.
	_, rest, ok := cutLast(text, ')')
	fields := bytes.Fields(rest)
	if !ok || len(fields) < 20 {
		return proc{}, errNoProc
	}
	number := func(i int) int { n, _ := strconv.Atoi(string(fields[i])); return n }
	start, _ := strconv.ParseUint(string(fields[19]), 10, 64)
	// When only the first thread of a process has ended it looks like a zombie.
	state, threads := fields[0][0], number(17)
	return proc{
		pid: pid, parent: number(1), group: number(2), session: number(3),
		start: start, dead: (state == 'Z' && threads <= 1) || state == 'X',
	}, nil
}

func cutLast(text []byte, sep byte) (before, after []byte, found bool) {
	if i := bytes.LastIndexByte(text, sep); i >= 0 {
		return text[:i], text[i+1:], true
	}
	return text, nil, false
}
