package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/process"
	"github.com/nightshift-run/nightshift/internal/sensorhost"
	"github.com/nightshift-run/nightshift/internal/store"
)

// sensorUser is on whose behalf sensors ask: it may do what rules may.
const sensorUser = "nightshift"

// sensorToken is how long the token of a sensor is good for. It is renewed every
// few seconds.
const sensorToken = 5 * time.Minute

// sensorHost makes what runs the sensors of packs.
func (a *App) sensorHost() *sensorhost.Host {
	return sensorhost.New(a.Store, a.Catalog, a.Bus, a.Intake, a.python, a.params, sensorhost.Options{
		APIURL: a.URL(), User: sensorUser, Logs: a.sensorLogs(), Mark: a.sensorMark(), Logger: a.log("sensorhost"),
		Token: func(pack string) string {
			return a.signer.Sign(access.Grant{User: sensorUser, Pack: pack, Expires: time.Now().Add(sensorToken).Unix()})
		},
	})
}

func (a *App) sensorLogs() string { return filepath.Join(a.cfg.Data, "sensors") }

func (a *App) sensorLog(ref string, most int) ([]byte, error) {
	return sensorhost.Log(a.sensorLogs(), ref, most)
}

// sensorMark begins the marks of this data folder's sensors.
func (a *App) sensorMark() string {
	sum := sha256.Sum256([]byte(a.cfg.Data))
	return "sensor." + hex.EncodeToString(sum[:4]) + "."
}

// burySensors ends what the sensors of earlier lives have left, and frees them.
func (a *App) burySensors(ctx context.Context) error {
	runs, err := a.Store.Reader().SensorRuns(ctx)
	if err != nil || len(runs) == 0 {
		return err
	}
	mark := a.sensorMark()
	process.KillMarked(func(m string) bool { return strings.HasPrefix(m, mark) }, time.Second)
	return a.Store.Write(ctx, func(tx *store.Tx) error { return tx.FreeSensors(ctx) })
}
