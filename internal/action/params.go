package action

import (
	"context"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Datastore is what templates need of the datastore: the value of one key, as
// it is stored, so that a secret one is still encrypted. The scope is
// kv.System or kv.User; the user counts for the latter only.
type Datastore interface {
	Get(ctx context.Context, scope, user, name string) (string, bool, error)
}

// Env is what templates in parameters can see besides other parameters. All of
// it is optional, and nothing of it is looked up before a template names it.
type Env struct {
	// Context is action_context: who asked, on behalf of what.
	Context *value.Dict

	// Config returns config_context, the resolved configuration of the pack.
	Config func(ctx context.Context) (*value.Dict, error)

	// Datastore answers st2kv.system and st2kv.user.
	Datastore Datastore

	// User is whose keys st2kv.user means. Without one it is the api_user or
	// else the user of Context, and "stanley" when it has neither.
	User string

	// Decrypt decrypts the value of a secret key, for decrypt_kv.
	Decrypt func(ctx context.Context, ciphertext string) (string, error)

	// More are further names by what they stand for, such as the trigger of a
	// rule. Only Live looks at them: they are gone when the action runs.
	More *value.Dict
}
