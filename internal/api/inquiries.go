package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/inquiry"
	"github.com/nightshift-run/nightshift/internal/rbac"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Inquiries are the questions that wait for people.
type Inquiries interface {
	// Answer ends the inquiry that is the execution id. All that can be wrong with
	// the answer is a fault.
	Answer(ctx context.Context, id string, by inquiry.Person, response *value.Dict) error
}

const inquiryBody = `{"type": "object", "properties": {
	"id": {"type": "string"}, "response": {"type": "object", "required": true}}}`

func (a *API) inquiryRoutes() []*route {
	return []*route{
		to("GET", apiService, "/inquiries", "inquiry_list", (*call).listInquiries, "List the inquiries that wait for an answer.").
			gives(http.StatusOK, []wire.Inquiry{}).pages(20).selects().overall(),
		to("GET", apiService, "/inquiries/{id}", "inquiry_view", (*call).getInquiry, "Show an inquiry that waits for its answer.").
			gives(http.StatusOK, wire.Inquiry{}).on((*call).aboutInquiry),
		to("PUT", apiService, "/inquiries/{id}", "inquiry_respond", (*call).answerInquiry, "Answer an inquiry.").takes(inquiryBody).
			gives(http.StatusOK, wire.InquiryResponse{}).on((*call).aboutInquiry),
	}
}

// inquiry reads the question that an execution puts.
func (c *call) inquiry(e *execution.Execution) (*inquiry.Inquiry, error) {
	result, err := c.Store.Reader().Result(c.ctx(), e.ID)
	if err != nil {
		return nil, err
	}
	return inquiry.Read(e.ID, result)
}

func (c *call) listInquiries() error {
	sel, err := c.selection(attributesOf[wire.Inquiry]([]string{"route", "ttl", "users", "roles", "schema"}, nil))
	if err != nil {
		return err
	}
	p, err := c.page(20)
	if err != nil {
		return err
	}
	found, total, err := c.pending(&p)
	if err != nil {
		return err
	}
	out := make([]wire.Inquiry, 0, len(found))
	for _, e := range found {
		switch i, err := c.inquiry(e); {
		case errors.Is(err, store.ErrNotFound): // retention took it away meanwhile
		case err != nil:
			return err
		default:
			out = append(out, wire.InquiryOf(i))
		}
	}
	c.count(p, total)
	return list(c, out, sel)
}

// pending returns the executions that are inquiries on a page of those that the caller
// may see.
func (c *call) pending(p *page) ([]*execution.Execution, store.Total, error) {
	q := store.Executions{Status: []execution.Status{execution.Pending}, Runner: inquiry.Runner}
	window := p.ledger(false)
	if c.who.free() {
		return c.Store.Reader().ListExecutions(c.ctx(), q, window)
	}
	// Who may see one depends on its workflow. So few wait at a time that all are asked about.
	all, _, err := c.Store.Reader().ListExecutions(c.ctx(), q, store.Page{Limit: maxLedgerPage})
	if err != nil {
		return nil, store.Total{}, err
	}
	var seen []*execution.Execution
	for _, e := range all {
		r, err := c.inquiryResource(e)
		if err != nil {
			return nil, store.Total{}, err
		}
		if c.who.may("inquiry_view", r) {
			seen = append(seen, e)
		}
	}
	total := store.Total{N: len(seen), AtLeast: len(all) == maxLedgerPage}
	seen = seen[min(window.Offset, len(seen)):]
	return seen[:min(window.Limit, len(seen))], total, nil
}

// inquiryResource is what roles call an inquiry: it goes with its workflow.
func (c *call) inquiryResource(e *execution.Execution) (*rbac.Resource, error) {
	itself, err := c.executionResource(e)
	if err != nil {
		return nil, err
	}
	out := &rbac.Resource{UID: "inquiry:" + e.ID, Shows: []*rbac.Resource{itself}}
	if e.Parent != "" {
		workflow, err := c.Store.Reader().Execution(c.ctx(), e.Parent)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if err == nil {
			out.Of = c.resources().action(workflow.Action)
		}
	}
	return out, nil
}

func (c *call) aboutInquiry() (*rbac.Resource, error) {
	e, err := c.execution()
	if err != nil {
		return nil, err
	}
	return c.inquiryResource(e)
}

func (c *call) getInquiry() error {
	e, err := c.execution()
	if err != nil {
		return err
	}
	if err := inquiry.Open(e); err != nil {
		return err
	}
	i, err := c.inquiry(e)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.InquiryOf(i))
}

func (c *call) answerInquiry() error {
	d, err := c.object()
	if err != nil {
		return err
	}
	e, err := c.execution()
	if err != nil {
		return err
	}
	response := dictAt(d, "response")
	by := inquiry.Person{User: c.who.User, Admin: c.who.Admin}
	if c.who.rights.Rights != nil {
		by.Roles = c.who.rights.Roles()
	}
	if err := c.Inquiries.Answer(c.ctx(), e.ID, by, response); err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.InquiryResponse{ID: e.ID, Response: wire.JSON(response)})
}
