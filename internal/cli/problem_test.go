package cli

import "testing"

const twoProblems = `{"complete": true, "problems": [
	{"id": "e1", "name": "Down", "resource": "web1", "status": "firing", "severity": "critical", "since": "2026-11-22T15:00:00.000000Z",
		"handling": [{"rule": "p.r", "action": "p.fix", "status": "running"}, {"rule": "p.r", "reason": "no"}]},
	{"id": "e2", "name": "Slow", "status": "unknown", "since": "2026-11-22T15:00:00.000000Z", "handling": []}],
	"closed": [{"id": "e3", "name": "Old", "status": "firing", "since": "2026-11-22T15:00:00.000000Z", "handling": [],
		"closing": {"by": "ann", "reason": "it is gone", "at": "2026-11-22T16:00:00.000000Z"}}]}`

func TestProblemsAreListed(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/ns/v1/problems", 200, twoProblems)
	f.check(t, f.run(t, "problem", "list"), result{Out: `
+----+------+----------+---------+----------+-------------------------------+---------------+
| id | name | resource | status  | severity | since                         | handling      |
+----+------+----------+---------+----------+-------------------------------+---------------+
| e1 | Down | web1     | firing  | critical | Sun, 22 Nov 2026 15:00:00 UTC | p.fix running |
| e2 | Slow |          | unknown |          | Sun, 22 Nov 2026 15:00:00 UTC | nothing       |
+----+------+----------+---------+----------+-------------------------------+---------------+
`[1:]})
	f.check(t, f.run(t, "problem", "list", "--closed"), result{Out: `
+----+------+----------+-------------------------------+------------+-------------------------------+----------------+
| id | name | resource | since                         | closing.by | closing.at                    | closing.reason |
+----+------+----------+-------------------------------+------------+-------------------------------+----------------+
| e3 | Old  |          | Sun, 22 Nov 2026 15:00:00 UTC | ann        | Sun, 22 Nov 2026 16:00:00 UTC | it is gone     |
+----+------+----------+-------------------------------+------------+-------------------------------+----------------+
`[1:]})
}

func TestAProblemIsClosedWithAReasonAndReopened(t *testing.T) {
	f := newFake(t)
	f.answer("PUT /api/ns/v1/problems/e1/closing", 200, `{"by": "ann", "reason": "it is gone", "at": "2026-11-22T16:00:00.000000Z"}`)
	f.answer("DELETE /api/ns/v1/problems/e1/closing", 204, "")
	f.check(t, f.run(t, "problem", "close", "e1"), result{Code: ExitUsage, Err: "ERROR: say why nothing has to be done, by --reason\n"})
	f.check(t, f.run(t, "problem", "close", "e1", "-r", "it is gone"), result{Out: "Problem e1 is closed.\n"})
	f.check(t, f.run(t, "problem", "reopen", "e1"), result{Out: "Problem e1 is open again.\n"})
	f.checkRequests(t, `PUT /api/ns/v1/problems/e1/closing {"reason":"it is gone"}`, "DELETE /api/ns/v1/problems/e1/closing")
}
