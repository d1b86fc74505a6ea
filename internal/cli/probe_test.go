package cli

import "testing"

func TestProbeList(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/ns/v1/probes", 200, `[{"trigger": "probes.x", "type": "probes.http", "target": "http://x/", "state": "failing",
		"since": "2026-11-22T15:00:00.000000Z", "failures": 2, "events": 0, "message": "why"}]`)
	f.check(t, f.run(t, "probe", "list"), result{Out: `
+-------------+-----------+---------+-----------------------------+----------+--------+---------+
| type        | target    | state   | since                       | failures | events | message |
+-------------+-----------+---------+-----------------------------+----------+--------+---------+
| probes.http | http://x/ | failing | 2026-11-22T15:00:00.000000Z | 2        | 0      | why     |
+-------------+-----------+---------+-----------------------------+----------+--------+---------+
`[1:]})
}
