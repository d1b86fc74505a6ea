package wire

// Problems is what is broken now, as far as monitoring systems and probes have said.
type Problems struct {
	Problems []Problem `json:"problems"` // the latest first
	// Closed is what is broken too, and somebody has said to be over.
	Closed []Problem `json:"closed"`
	// Complete is false when there was so much to look at that more may be broken.
	Complete bool `json:"complete"`
	Since    Time `json:"since"` // what began before was not looked at
	// Ended is how many alerts have ended in the last day, and Repaired how many of them
	// after something that a rule had started because of them had succeeded.
	Ended    int `json:"ended"`
	Repaired int `json:"repaired"`
}

// Problem is one thing that is broken, and what is done about it.
type Problem struct {
	// ID is another one when it happens again.
	ID       string `json:"id"`
	Trigger  string `json:"trigger"` // reference of that which told of it
	Event    string `json:"event,omitempty"`
	Status   string `json:"status"` // firing, pending, or unknown where it could not be looked
	Severity string `json:"severity,omitempty"`
	Name     string `json:"name"`
	Resource string `json:"resource,omitempty"`
	Summary  string `json:"summary,omitempty"`
	Since    Time   `json:"since"`
	// Handling is what rules have started because of it, the latest first.
	Handling []Handling `json:"handling"`
	Closing  *Closing   `json:"closing,omitempty"`
	MayClose bool       `json:"may_close"` // whether whoever asks may close it, or open it again
}

// Closing is what somebody has said of a problem that is over, though its sender has not.
type Closing struct {
	By     string `json:"by"`
	Reason string `json:"reason"`
	At     Time   `json:"at"`
}

// Handling is what a rule has started because of a problem, or why it could not.
type Handling struct {
	Rule      string `json:"rule"`
	Execution string `json:"execution,omitempty"`
	Action    string `json:"action,omitempty"`
	Status    string `json:"status,omitempty"`
	Reason    string `json:"reason,omitempty"` // why nothing was started
	At        Time   `json:"at"`
	Ended     Time   `json:"ended,omitzero"`
}
