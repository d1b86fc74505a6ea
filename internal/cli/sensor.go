package cli

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func (a *app) sensorStatus(r resource) *cobra.Command {
	return &cobra.Command{
		Use:   "status [ref-or-id]",
		Short: "Show which sensors run, and how they fare",
		Long: `Show of all sensors, or of one, whether they run: starting, running, waiting (to be started again),
finished (the sensor returned by itself), or idle (nobody runs it); since when, how often
they were started, when they answered and looked last, and why they ended last. A sensor
that is configured several times is shown as each of its instances: pack.Class#instance.`,
		Args:              args(0, 1),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, refs []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			attrs := []string{"ref", "state", "since", "starts", "alive_at", "polled_at", "error"}
			if len(refs) == 1 {
				d, err := s.get(cmd.Context(), "/api/ns/v1/sensors/"+seg(refs[0]), nil)
				if err != nil {
					return named(err, r, refs[0])
				}
				return s.show(d, []string{"all"}, shape{order: append(attrs, "enabled", "pack", "holder")})
			}
			var list []*value.Dict
			if err := s.client.Get(cmd.Context(), "/api/ns/v1/sensors", nil, &list); err != nil {
				return s.advise(err)
			}
			return s.table(list, attrs, shape{}, nil)
		},
	}
}

func (a *app) sensorLog(r resource) *cobra.Command {
	var size int
	cmd := &cobra.Command{
		Use:               "log ref-or-id",
		Short:             "Show the end of what a sensor has printed",
		Args:              args(1, 1),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, refs []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			var log wire.SensorLog
			q := url.Values{"bytes": {strconv.Itoa(size)}}
			if err := s.client.Get(cmd.Context(), "/api/ns/v1/sensors/"+seg(refs[0])+"/log", q, &log); err != nil {
				return named(s.advise(err), r, refs[0])
			}
			if s.machine() {
				return s.encodeAny(log)
			}
			return s.print(strings.TrimSuffix(log.Log, "\n"))
		},
	}
	cmd.Flags().IntVar(&size, "bytes", 64<<10, "how much of it at most")
	return cmd
}
