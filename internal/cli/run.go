package cli

import (
	"context"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// runFlags are the flags of everything that starts an execution.
type runFlags struct {
	async, inheritEnv, autoDict, tail bool
	user, traceTag                    string
	delay                             int64
	view                              view
}

const valueHelp = `Values are read as the action's parameters say: a whole number, a number, true or false; an array as
JSON or as a list with commas, an object as JSON or as a=b,c=d. @name=FILE or name=@FILE gives the
content of a file. From the first word without "=" on, all words are the parameter cmd; put -- before
words that begin with a dash.`

// run is the command that people type most.
func (a *app) run() *cobra.Command {
	cmd := a.runCommand("run", false)
	cmd.Short = "Run an action, and wait for its end"
	cmd.Example = `  nightshift run core.local cmd=date
  nightshift run core.local -- ls -l /etc
  nightshift run core.http url=http://127.0.0.1:8080/ method=POST headers=accept=text/plain @body=request.json
  nightshift run core.local cmd='sleep 60' --async
  nightshift run core.http --help               show what parameters it takes`
	return cmd
}

// execute is action execute, which does not wait.
func (a *app) execute() *cobra.Command {
	cmd := a.runCommand("execute", true)
	cmd.Short = "Run an action without waiting for its end"
	return cmd
}

func (a *app) runCommand(verb string, async bool) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:               verb + " <ref-or-id> [name=value]...",
		Long:              "Run an action.\n\n" + valueHelp,
		Args:              args(1, -1),
		ValidArgsFunction: a.completeRun,
		RunE: func(cmd *cobra.Command, words []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			body, err := s.request(cmd.Context(), words[0], words[1:], &f)
			if err != nil {
				return err
			}
			return s.start(cmd.Context(), "executions", body, &f)
		},
	}
	f.add(cmd, async)
	fl := cmd.Flags()
	fl.StringVar(&f.traceTag, "trace-tag", "", "tag of the trace that the execution begins")
	annotate(cmd, "trace-tag", spelling, "--trace_tag")
	a.helpWithParameters(cmd)
	return cmd
}

func (f *runFlags) add(cmd *cobra.Command, async bool) {
	fl := cmd.Flags()
	fl.BoolVarP(&f.async, "async", "a", async, "don't wait for the end")
	fl.BoolVarP(&f.inheritEnv, "inherit-env", "e", false, "hand on the environment variables of this shell, in the parameter env")
	fl.StringVarP(&f.user, "user", "u", "", "run as this user, which is for administrators")
	fl.Int64Var(&f.delay, "delay", 0, "milliseconds to wait before it may start")
	fl.BoolVar(&f.autoDict, "auto-dict", false, "read a list of a:b as an object in a list")
	fl.BoolVar(&f.tail, "tail", false, "show what it prints while it runs")
	f.view.add(cmd, runFields())
	cmd.MarkFlagsMutuallyExclusive("async", "tail")
}

// request makes the body of a wish to run an action.
func (s *session) request(ctx context.Context, ref string, words []string, f *runFlags) (*value.Dict, error) {
	action, runner, err := s.actionAndRunner(ctx, ref)
	if err != nil {
		return nil, err
	}
	params, err := s.parameters(action, runner, words, f)
	if err != nil {
		return nil, err
	}
	body := value.NewDict()
	body.Set("action", firstOf(textOf(action, "ref"), ref))
	body.Set("parameters", params)
	if f.traceTag != "" {
		trace, in := value.NewDict(), value.NewDict()
		trace.Set("trace_tag", f.traceTag)
		in.Set("trace_context", trace)
		body.Set("context", in)
	}
	f.rest(body)
	return body, nil
}

// rest sets what all requests for an execution have.
func (f *runFlags) rest(body *value.Dict) {
	if f.user != "" {
		body.Set("user", f.user)
	}
	if f.delay > 0 {
		body.Set("delay", f.delay)
	}
}

// actionAndRunner reads what is needed to understand parameters. Who may not look at runner
// types is told of all parameters by the action that they may look at.
func (s *session) actionAndRunner(ctx context.Context, ref string) (action, runner *value.Dict, err error) {
	action, err = s.get(ctx, "actions/"+seg(ref), nil)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return nil, nil, &advice{named(err, actionResource(), ref), `See "nightshift action list".`}
		}
		return nil, nil, err
	}
	list, _, err := s.list(ctx, "runnertypes", url.Values{"name": {textOf(action, "runner_type")}})
	if fault.KindOf(err) == fault.Forbidden {
		all, err := s.get(ctx, "actions/views/parameters/"+seg(textOf(action, "ref")), nil)
		runner = value.NewDict()
		runner.Set("runner_parameters", object(all, "parameters"))
		return action, runner, err
	}
	if err != nil {
		return nil, nil, err
	}
	if len(list) == 0 {
		return action, value.NewDict(), nil
	}
	return action, list[0], nil
}

func (s *session) parameters(action, runner *value.Dict, words []string, f *runFlags) (*value.Dict, error) {
	p := parameterReader{
		action: textOf(action, "ref"), runner: object(runner, "runner_parameters"), own: object(action, "parameters"),
		autoDict: f.autoDict, readFile: s.readFile,
	}
	params, err := p.read(words)
	if err != nil {
		return nil, err
	}
	if f.inheritEnv {
		env := Environment(s.Environ())
		env.Update(object(params, "env"))
		params.Set("env", env)
	}
	return params, nil
}

// start asks for an execution, and waits for it if that is wanted.
func (s *session) start(ctx context.Context, path string, body any, f *runFlags) error {
	ex, err := s.do(ctx, http.MethodPost, path, body)
	if err != nil {
		return err
	}
	id := textOf(ex, "id")
	if f.async {
		if s.machine() {
			return s.encode(ex)
		}
		return s.print("To see the result:\n nightshift execution get " + id +
			"\n\nTo see what it prints while it runs:\n nightshift execution tail " + id)
	}
	if f.tail {
		if err := s.tail(ctx, id, ""); err != nil {
			return stillRuns(err, id)
		}
	}
	status, err := s.wait(ctx, id, textOf(ex, "status"))
	if err != nil {
		return stillRuns(err, id)
	}
	if !f.tail {
		if err := s.showExecution(ctx, id, &f.view); err != nil {
			return err
		}
	}
	if status != "succeeded" {
		return &notSucceeded{id, status}
	}
	return nil
}
