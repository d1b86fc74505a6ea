package cli

import (
	"context"
	"encoding/json"
	"fmt"
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
		Use:   "why <event-id>",
		Short: "Show why rules did or did not match an event",
		Long: `Show for each rule that listens to an event which criterion decided, and what the event has there.
The id "last" is the latest event. The rules answer as they are now; what came of the event when it
came in stands below.`,
		Example: `  nightshift rule why last
  nightshift rule why 69218f6e0d1c2b3a4f5e6d7c --rule examples.repair_service`,
		Args: args(1, 1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			id, err := s.eventID(cmd.Context(), ids[0])
			if err != nil {
				return err
			}
			var raw json.RawMessage
			if err := s.client.Get(cmd.Context(), eventWhyPath(id), nil, &raw); err != nil {
				return named(s.advise(err), instanceResource(), id)
			}
			var why wire.EventWhy
			if err := json.Unmarshal(raw, &why); err != nil {
				return fmt.Errorf("read why: %w", err)
			}
			if only != "" {
				why.Rules = slices.DeleteFunc(why.Rules, func(r wire.RuleWhy) bool { return r.Rule != only })
				why.Enforcements = slices.DeleteFunc(why.Enforcements, func(e wire.Enforcement) bool { return e.Rule.Ref != only })
				if len(why.Rules) == 0 {
					return s.listensElsewhere(cmd.Context(), only, why.Event.Trigger)
				}
			}
			if s.machine() {
				return s.encodeAny(why)
			}
			return s.print(s.explain(why))
		},
	}
	cmd.Flags().StringVar(&only, "rule", "", "only this rule")
	a.completeFlag(cmd, "rule", a.completeThings(ruleResource()))
	return cmd
}

func eventWhyPath(id string) string     { return "/api/ns/v1/events/" + seg(id) + "/why" }
func executionWhyPath(id string) string { return "/api/ns/v1/executions/" + seg(id) + "/why" }

// eventID finds out which event last is.
func (s *session) eventID(ctx context.Context, id string) (string, error) {
	if id != "last" {
		return id, nil
	}
	list, _, err := s.list(ctx, "triggerinstances", limited(1))
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return "", fault.Newf(fault.NotFound, "no event has come in yet")
	}
	return textOf(list[0], "id"), nil
}

// listensElsewhere says why a rule was not asked about an event at all.
func (s *session) listensElsewhere(ctx context.Context, ref, trigger string) error {
	d, err := s.get(ctx, "rules/"+seg(ref), nil)
	if err != nil {
		return named(err, ruleResource(), ref)
	}
	to := firstOf(textOf(d, "trigger.ref"), textOf(d, "trigger.type"))
	return fault.Newf(fault.NotFound, "rule %s was not asked: it listens to %s, and the event is of %s", ref, to, trigger)
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
func (s *session) explain(why wire.EventWhy) string {
	var b strings.Builder
	matched := 0
	for _, r := range why.Rules {
		if r.Matched {
			matched++
		}
	}
	at := moment(s, nil, why.Event.OccurrenceTime.String())
	fmt.Fprintf(&b, "Event %s of %s\nat %s, %s\n", s.paint(bold, why.Event.ID), s.paint(bold, why.Event.Trigger), at, why.Event.Status)
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
		line := " "
		for i, c := range r {
			pad := strings.Repeat(" ", widths[i]-text.StringWidthWithoutEscSequences(c))
			if n == 0 {
				c = s.paint(faint, c)
			}
			line += " " + c + pad + " "
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
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
			if err := s.client.Get(cmd.Context(), executionWhyPath(ids[0]), nil, &why); err != nil {
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
	if !why.NotBefore.IsZero() {
		fmt.Fprintf(&b, "It does not start before %s\n", moment(s, nil, why.NotBefore.String()))
	}
	if why.Attempt > 1 {
		b.WriteString("This is attempt " + strconv.Itoa(why.Attempt) + ".\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}
