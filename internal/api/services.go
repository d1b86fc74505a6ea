package api

import (
	"net/http"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// workerGroup is what StackStorm calls the services that run actions. Only these are
// on record: the others run in each server.
const workerGroup = "actionrunner"

func (c *call) serviceGroups() error {
	out := wire.ServiceGroups{Groups: []string{}}
	workers, err := c.Store.Reader().Workers(c.ctx(), time.Now())
	if err != nil {
		return err
	}
	if len(workers) > 0 {
		out.Groups = append(out.Groups, workerGroup)
	}
	return c.json(http.StatusOK, out)
}

func (c *call) serviceMembers() error {
	workers, err := c.Store.Reader().Workers(c.ctx(), time.Now())
	if err != nil {
		return err
	}
	if c.part("id") != workerGroup || len(workers) == 0 {
		return fault.Newf(fault.NotFound, "Group with ID \"%s\" not found.", shortened(c.part("id")))
	}
	out := wire.ServiceMembers{}
	for _, w := range workers {
		out.Members = append(out.Members, wire.ServiceMember{
			Group: workerGroup, ID: w.ID,
			Capabilities: wire.ServiceCapabilities{StartedAt: wire.TimeOf(w.StartedAt), LeaseUntil: wire.TimeOf(w.Until)},
		})
	}
	return c.json(http.StatusOK, out)
}
