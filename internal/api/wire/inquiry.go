package wire

import (
	"encoding/json"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/inquiry"
)

// Inquiry is a question that waits for its answer. Its id is that of its execution.
type Inquiry struct {
	ID     string          `json:"id"`
	Route  string          `json:"route"`
	TTL    int64           `json:"ttl"` // minutes for which an answer is waited for; 0: for ever
	Users  json.RawMessage `json:"users"`
	Roles  json.RawMessage `json:"roles"`
	Schema json.RawMessage `json:"schema"`
}

// InquiryResponse is an answer: the body of the request, and of what is answered to it.
type InquiryResponse struct {
	ID       string          `json:"id"`
	Response json.RawMessage `json:"response"`
}

// InquiryOf returns i for the wire.
func InquiryOf(i *inquiry.Inquiry) Inquiry {
	return Inquiry{
		ID: i.ID, Route: i.Route, TTL: int64(i.TTL.Minutes()), Users: JSON(value.NewList(i.Users...)),
		Roles: JSON(value.NewList(i.Roles...)), Schema: JSON(i.Schema),
	}
}
