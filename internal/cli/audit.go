package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

func (a *app) audit() *cobra.Command {
	return group(
		&cobra.Command{Use: "audit", Short: "Who did what"},
		a.auditList(), a.auditExport(), a.auditVerify(),
	)
}

const auditPath = "/api/ns/v1/audit"

func (a *app) auditList() *cobra.Command {
	var user, outcome string
	var last int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List who did what, newest first",
		Args:  args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			q := url.Values{"limit": {strconv.Itoa(last)}}
			if user != "" {
				q.Set("user", user)
			}
			if outcome != "" {
				q.Set("outcome", outcome)
			}
			list, _, err := s.list(cmd.Context(), auditPath, q)
			if err != nil {
				return err
			}
			var rows []*value.Dict
			for _, d := range list {
				r := object(d, "record")
				row := value.NewDict()
				seq, _ := d.Get("seq")
				row.Set("seq", seq)
				for _, name := range []string{"at", "user", "credential", "address", "method", "object", "outcome"} {
					v, _ := r.Get(name)
					row.Set(name, v)
				}
				if origin, ok := r.Get("origin"); ok { // nobody asked for it through the API
					row.Set("address", origin)
					row.Set("object", changedObjects(r))
				}
				rows = append(rows, row)
			}
			if s.machine() {
				rows = list
			}
			return s.table(rows, []string{"seq", "at", "user", "credential", "address", "method", "object", "outcome"},
				shape{transform: map[string]transformer{"at": moment}}, nil)
		},
	}
	cmd.Flags().StringVarP(&user, "user", "u", "", "only what this one did")
	cmd.Flags().StringVar(&outcome, "outcome", "", "only what was done, or refused")
	cmd.Flags().IntVarP(&last, "last", "n", 50, "how many")
	return cmd
}

// changedObjects names what a record has changed: the first few of it.
func changedObjects(record *value.Dict) string {
	const most = 3
	all, _ := record.Get("changes")
	changes, ok := all.(*value.List)
	if !ok {
		return ""
	}
	var names []string
	for i, c := range changes.Items {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(changes.Items)-most))
			break
		}
		if c, ok := c.(*value.Dict); ok {
			kind, _ := c.Get("kind")
			object, _ := c.Get("object")
			names = append(names, value.Str(kind)+" "+value.Str(object))
		}
	}
	return strings.Join(names, ", ")
}

// eachEntry calls f for all entries after one, in order.
func (s *session) eachEntry(ctx context.Context, after int64, f func(audit.Entry) error) error {
	for {
		var page []audit.Entry
		q := url.Values{"after": {strconv.FormatInt(after, 10)}, "limit": {"1000"}}
		if err := s.client.Get(ctx, auditPath, q, &page); err != nil {
			return s.advise(err)
		}
		if len(page) == 0 {
			return nil
		}
		for _, e := range page {
			if err := f(e); err != nil {
				return err
			}
			after = e.Seq
		}
	}
}

func (a *app) auditExport() *cobra.Command {
	var after int64
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the audit log as JSON, an entry a line",
		Long: `Write the audit log to standard output as JSON, an entry a line, oldest first. "nightshift audit verify FILE"
checks such a file without a server.`,
		Args: args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			out := bufio.NewWriter(a.Out)
			enc := json.NewEncoder(out)
			return errors.Join(s.eachEntry(cmd.Context(), after, func(e audit.Entry) error { return enc.Encode(e) }), out.Flush())
		},
	}
	cmd.Flags().Int64Var(&after, "after", 0, "only entries behind the one of this number")
	return cmd
}

func (a *app) auditVerify() *cobra.Command {
	var checkpoint string
	cmd := &cobra.Command{
		Use:   "verify [FILE]",
		Short: "Check that nobody has changed the audit log",
		Long: `Check that no entry of the audit log was changed, removed or put in: each holds the hash of the one before. FILE
is what "nightshift audit export" wrote; without one, the server is asked.

Whoever can write the whole database can also make the whole log anew, or leave out its end. What the log had come to has to be
kept elsewhere to see that: with --checkpoint it is written to a file, and compared with what that file says already.`,
		Example: "  nightshift audit verify --checkpoint /mnt/elsewhere/nightshift.head\n  nightshift audit export > audit.jsonl && nightshift audit verify audit.jsonl",
		Args:    args(0, 1),
		RunE: func(cmd *cobra.Command, files []string) error {
			known, err := readCheckpoint(checkpoint)
			if err != nil {
				return err
			}
			v := verifier{known: known}
			if len(files) == 1 {
				err = v.file(files[0])
			} else {
				err = a.verifyServer(cmd, &v)
			}
			if err == nil {
				err = v.end()
			}
			if err != nil {
				return err
			}
			if checkpoint != "" {
				if err := os.WriteFile(checkpoint, []byte(v.head.String()+"\n"), 0o600); err != nil {
					return fmt.Errorf("write the checkpoint: %w", err)
				}
			}
			_, err = fmt.Fprintf(a.Out, "%d entries, from %d to %d, are as they were. Head: %s\n", v.n, v.head.Seq-int64(v.n)+1, v.head.Seq, v.head)
			return err
		},
	}
	cmd.Flags().StringVar(&checkpoint, "checkpoint", "", "file with what the log had come to, which is brought up to date")
	return cmd
}

// readCheckpoint returns what a file says the log had come to; nothing if there is none yet.
func readCheckpoint(path string) (audit.Head, error) {
	if path == "" {
		return audit.Head{}, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return audit.Head{}, nil
	}
	if err != nil {
		return audit.Head{}, err
	}
	h, err := audit.ParseHead(strings.TrimSpace(string(text)))
	if err != nil {
		return h, fault.Newf(fault.Invalid, "%s: %v", path, err)
	}
	return h, nil
}

// verifier follows a log.
type verifier struct {
	head, known audit.Head
	n           int
	seen        bool // the known head
}

func (v *verifier) begin(base audit.Head) {
	v.head = base
	v.seen = v.known.Seq == 0 || v.known == base
}

// tampered says how the log is not what it was.
func tampered(format string, args ...any) error {
	return fault.Newf(fault.Conflict, "The audit log is not what it was: %s.", fmt.Sprintf(format, args...))
}

func (v *verifier) add(e audit.Entry) error {
	next, err := v.head.Follow(e)
	if err != nil {
		return tampered("%v", err)
	}
	v.head = next
	v.n++
	if e.Seq == v.known.Seq {
		if e.Hash != v.known.Hash {
			return tampered("entry %d is not the one that the checkpoint knows", e.Seq)
		}
		v.seen = true
	}
	return nil
}

func (v *verifier) end() error {
	switch {
	case v.seen:
		return nil
	case v.head.Seq < v.known.Seq:
		return tampered("it ends with entry %d, and had come to %d", v.head.Seq, v.known.Seq)
	default:
		return tampered("entry %d, which the checkpoint knows, is not there any more", v.known.Seq)
	}
}

func (v *verifier) file(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it is only read
	dec := json.NewDecoder(f)
	for n := 1; ; n++ {
		var e audit.Entry
		if err := dec.Decode(&e); errors.Is(err, io.EOF) {
			if n == 1 {
				v.begin(audit.Head{})
			}
			return nil
		} else if err != nil {
			return fmt.Errorf("%s, entry %d of the file: %w", path, n, err)
		}
		if n == 1 {
			v.begin(audit.Head{Seq: e.Seq - 1, Hash: e.Previous})
		}
		if err := v.add(e); err != nil {
			return err
		}
	}
}

func (a *app) verifyServer(cmd *cobra.Command, v *verifier) error {
	s, err := a.session(cmd)
	if err != nil {
		return err
	}
	var log wire.AuditLog
	if err := s.client.Get(cmd.Context(), auditPath+"/head", nil, &log); err != nil {
		return s.advise(err)
	}
	v.begin(log.Base)
	if err := s.eachEntry(cmd.Context(), log.Base.Seq, v.add); err != nil {
		return err
	}
	if v.head.Seq < log.Head.Seq {
		return tampered("it ends with entry %d, and its head is %d", v.head.Seq, log.Head.Seq)
	}
	return nil
}
