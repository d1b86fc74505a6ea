package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/inquiry"
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
			gives(http.StatusOK, []wire.Inquiry{}).pages(20).selects(),
		to("GET", apiService, "/inquiries/{id}", "inquiry_view", (*call).getInquiry, "Show an inquiry that waits for its answer.").
			gives(http.StatusOK, wire.Inquiry{}),
		to("PUT", apiService, "/inquiries/{id}", "inquiry_respond", (*call).answerInquiry, "Answer an inquiry.").takes(inquiryBody).
			gives(http.StatusOK, wire.InquiryResponse{}),
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
	found, total, err := c.Store.Reader().ListExecutions(c.ctx(), store.Executions{
		Status: []execution.Status{execution.Pending}, Runner: inquiry.Runner,
	}, p.ledger(false))
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
	if err := c.Inquiries.Answer(c.ctx(), e.ID, by, response); err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.InquiryResponse{ID: e.ID, Response: wire.JSON(response)})
}
