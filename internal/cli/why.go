package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

func (a *app) ruleWhy() *cobra.Command {
	var only string
	cmd := &cobra.Command{
		Use:   "why [event-id]",
		Short: "Show why rules did or did not match an event",
		Long: `Show for each rule that listens to an event which criterion decided, and what the event has there.
Without an id, or with "last", it is the latest event; with --rule and without an id the latest one that
the rule listens to. The rules answer as they are now; what came of the event when it came in stands
below.`,
		Example: `  nightshift rule why
  nightshift rule why 69218f6e0d1c2b3a4f5e6d7c
  nightshift rule why --rule examples.repair_service`,
		Args: args(0, 1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			why, err := s.eventWhy(cmd.Context(), strings.Join(ids, ""), only)
			if err != nil {
				return err
			}
			if s.machine() {
				return s.encodeAny(why)
			}
			return s.print(s.explain(why, s.triggerName(cmd.Context(), why.Event.Trigger)))
		},
	}
	cmd.Flags().StringVar(&only, "rule", "", "only this rule")
	a.completeFlag(cmd, "rule", a.completeThings(ruleResource()))
	return cmd
}

// eventWhy asks why; no id is the latest event, and no rule all of them.
func (s *session) eventWhy(ctx context.Context, id, rule string) (why wire.EventWhy, err error) {
	if id == "last" || id == "" && rule == "" {
		list, _, err := s.list(ctx, "triggerinstances", limited(1))
		if err != nil {
			return why, err
		}
		if len(list) == 0 {
			return why, fault.Newf(fault.NotFound, "no event has come in yet")
		}
		id = textOf(list[0], "id")
	}
	if rule == "" {
		if err := s.client.Get(ctx, "/api/ns/v1/events/"+seg(id)+"/why", nil, &why); err != nil {
			return why, named(s.advise(err), instanceResource(), id)
		}
		return why, nil
	}
	var q url.Values
	if id != "" {
		q = url.Values{"event": {id}}
	}
	return why, s.advise(s.client.Get(ctx, "/api/ns/v1/rules/"+seg(rule)+"/why", q, &why))
}

// triggerName says in words which trigger ref is: one with parameters has a name
// that nobody gave it.
func (s *session) triggerName(ctx context.Context, ref string) string {
	_, name, _ := strings.Cut(ref, ".")
	if len(name) != len("00000000-0000-0000-0000-000000000000") || strings.Count(name, "-") != 4 {
		return ref
	}
	list, _, err := s.list(ctx, "triggers", nil)
	if err != nil {
		return ref
	}
	for _, d := range list {
		if textOf(d, "ref") != ref {
			continue
		}
		var params []string
		for name, v := range object(d, "parameters").Texts() {
			params = append(params, name+"="+cell(v))
		}
		return textOf(d, "type") + " (" + strings.Join(params, ", ") + ")"
	}
	return ref
}

// encodeAny writes what has JSON.
func (s *session) encodeAny(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	read, err := value.FromJSON(b)
	if err != nil {
		return err
	}
	return s.encode(read)
}

// explain says of an event what each rule made of it.
func (s *session) explain(why wire.EventWhy, trigger string) string {
	var b strings.Builder
	matched := 0
	for _, r := range why.Rules {
		if r.Matched {
			matched++
		}
	}
	at := moment(s, nil, why.Event.OccurrenceTime.String())
	fmt.Fprintf(&b, "Event %s of %s\nat %s, %s\n", s.paint(bold, why.Event.ID), s.paint(bold, trigger), at, why.Event.Status)
	switch n := len(why.Rules); {
	case n == 0 && why.Note == "":
		b.WriteString("\nNo rule listens to this trigger.\n")
	case n == 0:
	case n == 1 && matched == 1:
		b.WriteString("\nOne rule listens, and it matches.\n")
	case n == 1:
		b.WriteString("\nOne rule listens, and it does not match.\n")
	case matched == 1:
		fmt.Fprintf(&b, "\n%d rules listen, 1 of them matches.\n", n)
	default:
		fmt.Fprintf(&b, "\n%d rules listen, %d of them match.\n", n, matched)
	}
	for _, r := range why.Rules {
		s.explainRule(&b, r)
	}
	if len(why.Enforcements) > 0 {
		b.WriteString("\nWhat came of it:\n")
	}
	for _, e := range why.Enforcements {
		switch {
		case e.FailureReason != "":
			fmt.Fprintf(&b, "  %s %s: %s\n", e.Rule.Ref, s.paint(red, "failed"), clean(e.FailureReason))
		case e.Execution != "":
			fmt.Fprintf(&b, "  %s started the execution %s\n", e.Rule.Ref, e.Execution)
		default:
			fmt.Fprintf(&b, "  %s %s\n", e.Rule.Ref, e.Status)
		}
	}
	if why.Note != "" {
		b.WriteString("\n" + clean(why.Note) + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (s *session) explainRule(b *strings.Builder, r wire.RuleWhy) {
	verdict := s.paint(yellow, "does not match")
	if r.Matched {
		verdict = s.paint(green, "matches") + " and starts " + r.Action
	}
	fmt.Fprintf(b, "\n%s %s", s.paint(bold, r.Rule), verdict)
	decided := slices.IndexFunc(r.Criteria, func(c wire.Criterion) bool { return c.Decided })
	switch {
	case decided >= 0 && r.Enabled:
		c := r.Criteria[decided]
		fmt.Fprintf(b, ": %s %s\n", c.Key, s.because(c))
	case r.Reason != "":
		fmt.Fprintf(b, ": %s\n", clean(r.Reason))
	default:
		b.WriteString("\n")
	}
	if len(r.Criteria) == 0 {
		return
	}
	rows := [][]string{{"  criterion", "operator", "pattern", "value", "verdict"}}
	for _, c := range r.Criteria {
		mark := "  "
		if c.Decided {
			mark = "> "
		}
		rows = append(rows, []string{mark + c.Key, c.Operator, s.short(c.Pattern), s.short(c.Value), s.verdict(c)})
	}
	s.columns(b, rows)
	for _, c := range r.Criteria {
		if len(c.Written) > 0 && string(c.Written) != "null" {
			fmt.Fprintf(b, "    The pattern of %s was written %s.\n", c.Key, s.short(c.Written))
		}
		if c.Note != "" {
			fmt.Fprintf(b, "    %s: %s\n", c.Key, clean(c.Note))
		}
	}
}

// because says in words what the criterion that decided saw.
func (s *session) because(c wire.Criterion) string {
	if c.Failure != "" {
		return "could not be evaluated"
	}
	if len(c.Value) == 0 || string(c.Value) == "null" {
		return "is not in the event"
	}
	return fmt.Sprintf("is %s, and not %s %s", s.short(c.Value), c.Operator, s.short(c.Pattern))
}

func (s *session) verdict(c wire.Criterion) string {
	switch {
	case c.Failure != "":
		return s.paint(red, "failed") + ": " + clean(c.Failure)
	case c.Met:
		return s.paint(green, "met")
	}
	return s.paint(yellow, "not met")
}

// short is a value in JSON, cut off where it gets long. The whole of it is in
// the output for programs.
func (s *session) short(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "null"
	}
	v, err := value.FromJSON(raw)
	if err != nil {
		return clean(string(raw))
	}
	written := []rune(compact(v))
	if limit := 60; len(written) > limit {
		return clean(string(written[:limit-1])) + "…"
	}
	return clean(string(written))
}

// columns writes rows below each other, the first one as a head.
func (s *session) columns(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, c := range r {
			widths[i] = max(widths[i], text.StringWidthWithoutEscSequences(c))
		}
	}
	for n, r := range rows {
		var line strings.Builder
		line.WriteString(" ")
		for i, c := range r {
			pad := strings.Repeat(" ", widths[i]-text.StringWidthWithoutEscSequences(c))
			if n == 0 {
				c = s.paint(faint, c)
			}
			line.WriteString(" " + c + pad + " ")
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

func (a *app) executionWhy(r resource) *cobra.Command {
	return &cobra.Command{
		Use:               "why <id>",
		Short:             "Show what an execution waits for, who holds it, and why it is there at all",
		Args:              args(1, 1),
		ValidArgsFunction: a.completeExecutions,
		RunE: func(cmd *cobra.Command, ids []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			var why wire.ExecutionWhy
			if err := s.client.Get(cmd.Context(), "/api/ns/v1/executions/"+seg(ids[0])+"/why", nil, &why); err != nil {
				return named(s.advise(err), r, ids[0])
			}
			if s.machine() {
				return s.encodeAny(why)
			}
			return s.print(s.explainExecution(why))
		},
	}
}

func (s *session) explainExecution(why wire.ExecutionWhy) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Execution %s of %s is %s", s.paint(bold, why.ID), why.Action, s.paint(statusColor(why.Status), why.Status))
	if !why.Since.IsZero() {
		fmt.Fprintf(&b, " since %s", moment(s, nil, why.Since.String()))
	}
	b.WriteString(".\n" + clean(why.Reason) + "\n")
	for _, line := range []struct{ what, is string }{
		{"It is in the hands of worker", why.Worker},
		{"These policies may hold it back:", strings.Join(why.Policies, ", ")},
		{"These executions take the places that it waits for:", strings.Join(why.Holders, ", ")},
		{"Rule that asked for it:", why.Rule},
		{"Event that caused it:", why.Event},
		{"It repeats the execution", why.Retries},
	} {
		if line.is != "" {
			fmt.Fprintf(&b, "%s %s\n", line.what, line.is)
		}
	}
	if len(why.WaitsFor) > 0 {
		rows := [][]string{{"id", "task", "action", "status"}}
		for _, w := range why.WaitsFor {
			rows = append(rows, []string{w.ID, clean(w.Task), clean(w.Action), w.Status})
		}
		if why.WaitsForMore {
			rows = append(rows, []string{"…", "", "", ""})
		}
		s.columns(&b, rows)
	}
	if !why.NotBefore.IsZero() {
		fmt.Fprintf(&b, "It does not start before %s\n", moment(s, nil, why.NotBefore.String()))
	}
	if why.Attempt > 1 {
		b.WriteString("This is attempt " + strconv.Itoa(why.Attempt) + ".\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}
