package timer

// A Type is what a timer's trigger type declares. The schemas are JSON texts
// whose keys are in the order in which people should see them.
type Type struct {
	Ref              string
	Pack             string
	Name             string
	Description      string
	ParametersSchema string
	PayloadSchema    string
}

// Types returns the three kinds of timer.
func Types() []Type {
	const pack = "core"
	return []Type{
		{
			Ref: IntervalTimer, Pack: pack, Name: "st2.IntervalTimer",
			Description:      "Fires again and again after the same span of time, such as every 30 seconds.",
			ParametersSchema: intervalParameters,
			PayloadSchema:    PayloadSchema,
		},
		{
			Ref: DateTimer, Pack: pack, Name: "st2.DateTimer",
			Description:      "Fires once, at the date and time given.",
			ParametersSchema: dateParameters,
			PayloadSchema:    PayloadSchema,
		},
		{
			Ref: CronTimer, Pack: pack, Name: "st2.CronTimer",
			Description: "Fires whenever the clock matches all fields, in the manner of cron. " +
				"Days of the week count from 0, which is Monday.",
			ParametersSchema: cronParameters,
			PayloadSchema:    PayloadSchema,
		},
	}
}

// PayloadSchema is the JSON schema of what a firing hands to rules, the same
// for all kinds.
const PayloadSchema = `{
  "type": "object",
  "properties": {
    "executed_at": {"type": "string", "format": "date-time", "description": "When the timer fired, in UTC, such as 2026-11-22 05:04:24.578325+00:00."},
    "schedule": {"type": ["object", "null"], "description": "Always null; kept for rules written for StackStorm."}
  }
}`

const intervalParameters = `{
  "type": "object",
  "properties": {
    "timezone": {"type": "string"},
    "unit": {"enum": ["weeks", "days", "hours", "minutes", "seconds"], "required": true},
    "delta": {"type": "integer", "required": true}
  },
  "additionalProperties": false
}`

const dateParameters = `{
  "type": "object",
  "properties": {
    "timezone": {"type": "string"},
    "date": {"type": "string", "format": "date-time", "required": true}
  },
  "additionalProperties": false
}`

const cronParameters = `{
  "type": "object",
  "properties": {
    "timezone": {"type": "string"},
    "year": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    "month": {"anyOf": [{"type": "string"}, {"type": "integer"}], "minimum": 1, "maximum": 12},
    "day": {"anyOf": [{"type": "string"}, {"type": "integer"}], "minimum": 1, "maximum": 31},
    "week": {"anyOf": [{"type": "string"}, {"type": "integer"}], "minimum": 1, "maximum": 53},
    "day_of_week": {"anyOf": [{"type": "string"}, {"type": "integer"}], "minimum": 0, "maximum": 6},
    "hour": {"anyOf": [{"type": "string"}, {"type": "integer"}], "minimum": 0, "maximum": 23},
    "minute": {"anyOf": [{"type": "string"}, {"type": "integer"}], "minimum": 0, "maximum": 59},
    "second": {"anyOf": [{"type": "string"}, {"type": "integer"}], "minimum": 0, "maximum": 59}
  },
  "additionalProperties": false
}`
