package dispatch_test

import (
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/bus/membus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/dispatch"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/launch"
)

func TestTheTokenOfAnActionIsGoodForItsTime(t *testing.T) {
	signer, err := access.NewSigner(access.NewSigningKey())
	if err != nil {
		t.Fatal(err)
	}
	inPlace(t, func(p *place) {
		bell, holder := new(membus.Bus), new(catalog.Holder)
		holder.Set(p.content)
		params := launch.NewParams(p.store, holder)
		l := launch.New(p.store, holder, bell, params)
		in := intake.New(p.store, holder, l, params, jinja.New(jinja.Options{}), intake.Options{})
		d := dispatch.New(p.store, holder, bell, params, in, dispatch.Options{Signer: signer, TokenTTL: time.Hour})
		e, err := l.Launch(p.Context(), execution.Request{Action: "p.noop"})
		if err != nil {
			p.Fatal(err)
		}
		worker, err := d.Join(p.Context())
		if err != nil {
			p.Fatal(err)
		}
		given, err := d.Claim(p.Context(), worker, 1)
		if err != nil || len(given) != 1 {
			p.Fatalf("%d claimed: %v", len(given), err)
		}
		token := given[0].Task.Env["ST2_ACTION_AUTH_TOKEN"]
		if g, ok := signer.Check(token, time.Now().Add(time.Hour-time.Second)); !ok || g.Execution != e.ID {
			p.Errorf("after nearly an hour the token is %v, for %s", ok, g.Execution)
		}
		if _, ok := signer.Check(token, time.Now().Add(time.Hour)); ok {
			p.Error("after an hour the token is good")
		}
	})
}
