package action

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func TestConformanceParams(t *testing.T) {
	conformance.Run(t, "st2_params", "testdata/known_st2_params.txt", func(c conformance.Case) error {
		args, err := c.Dict("args")
		if err != nil {
			return err
		}
		got, err := ask(t.Context(), c, caseArgs{args})
		class, message, wantErr := c.WantError()
		switch {
		case wantErr && err == nil:
			return fmt.Errorf("got %s, want %s: %s", value.Repr(got), class, message)
		case wantErr && class == "ParamException":
			if !errors.Is(err, ErrRendering) || c.Has("message") && err.Error() != message {
				return fmt.Errorf("got error %w\nwant %s", err, message)
			}
			return nil
		case wantErr:
			return nil
		case err != nil:
			return fmt.Errorf("got error %w", err)
		}
		return c.CompareResult(got)
	})
}

// ask answers a case with what this package has for the question.
func ask(ctx context.Context, c conformance.Case, a caseArgs) (value.Value, error) {
	switch c.Kind {
	case "cast":
		v, _ := a.Get("value")
		typ, _ := a.Get("type")
		return Cast(v, value.Str(typ))
	case "get_params_view":
		act := &Action{Parameters: a.fields("action_db").dict("parameters")}
		rt := &RunnerType{Parameters: a.fields("runner_db").dict("runner_parameters")}
		if a.Has("merged_only") {
			return Parameters(act, rt), nil
		}
		v := NewView(act, rt)
		return value.Tuple{v.Required, v.Optional, v.Immutable}, nil
	case "validate_action_parameters":
		own, _ := c.Dict("action_parameters")
		runner, _ := c.Dict("runner_parameters")
		missing, unexpected := compileParams("", own, runner).Names(a.dict("inputs"))
		return value.Tuple{value.Of(missing), value.Of(unexpected)}, nil
	}
	runner, own, given := a.dict("runner_parameters"), a.dict("action_parameters"), a.dict("params")
	if c.Kind == "get_finalized_params" {
		runner, own, given = a.dict("runnertype_parameter_info"), a.dict("action_parameter_info"), a.dict("liveaction_parameters")
	}
	env := Env{Context: func() *value.Dict { return a.dict("action_context") }, More: a.dict("additional_contexts"), Datastore: caseStore{c}}
	env.Config = func(context.Context) (*value.Dict, error) { return c.Dict("pack_config") }
	compiled := compileParams("", own, runner)
	if c.Kind != "render_final_params" {
		live, err := compiled.Render(ctx, given, env)
		if err != nil || c.Kind == "render_live_params" {
			return live, err
		}
		given = live
	}
	forRunner, forAction, err := compiled.Final(ctx, given, env)
	return value.Tuple{forRunner, forAction}, err
}

type caseArgs struct{ *value.Dict }

func (a caseArgs) dict(key string) *value.Dict {
	v, _ := a.Get(key)
	return asDict(v)
}

func (a caseArgs) fields(key string) caseArgs {
	v, _ := a.Get(key)
	return caseArgs{v.(*conformance.Model).Fields}
}

// caseStore is the datastore of a case.
type caseStore struct{ c conformance.Case }

func (s caseStore) Get(_ context.Context, scope, user, name string) (string, bool, error) {
	v, err := s.c.Value("datastore")
	pairs, ok := v.(*value.List)
	if err != nil || !ok {
		return "", false, err
	}
	if strings.HasSuffix(scope, ".user") {
		name = user + ":" + name
	}
	for _, item := range pairs.Items {
		pair := caseArgs{asDict(item)}
		if pair.text("scope") == scope && pair.text("name") == name {
			return pair.text("value"), true, nil
		}
	}
	return "", false, nil
}

func (a caseArgs) text(key string) string {
	v, _ := a.Get(key)
	s, _ := v.(string)
	return s
}
