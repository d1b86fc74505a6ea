package probe

import (
	"fmt"
	"strconv"
	"strings"
)

// A Type is what a probe's trigger type declares. The schemas are JSON texts
// whose keys are in the order in which people should see them.
type Type struct {
	Ref              string
	Description      string
	ParametersSchema string
	PayloadSchema    string

	spec func() Spec // an empty one, to read parameters into
}

// Types returns the kinds of probe.
func Types() []Type {
	return []Type{
		{
			Ref: FileLine, Description: "A line was appended to a file.",
			ParametersSchema: object(`"file_path": {"type": "string", "required": true, "description": "Path of the file, from the root."}`),
			PayloadSchema: object(
				`"file_path": {"type": "string"}`,
				`"file_name": {"type": "string", "description": "The last part of the path."}`,
				`"line": {"type": "string", "description": "The line without its end."}`),
			spec: func() Spec { return new(File) },
		},
		{
			Ref: HTTPCheck, Description: "A web server does not answer as it should any more, or does again.",
			ParametersSchema: object(
				`"url": {"type": "string", "required": true}`,
				`"method": {"type": "string", "enum": ["GET", "HEAD"], "default": "GET"}`,
				headers,
				`"expect_status": {"type": "array", "items": {"type": "integer", "minimum": 100, "maximum": 599}, "default": [], "description": "Statuses that mean well; none: 200 to 399."}`,
				`"contains": {"type": "string", "default": "", "description": "Text that the first MiB of the answer must contain."}`,
				`"follow_redirects": {"type": "boolean", "default": true, "description": "Ask where the answer points to, at most ten times."}`,
				`"verify": {"type": "boolean", "default": true, "description": "Check the certificate."}`,
				schedule(30, 10, 3)),
			PayloadSchema: changed([]string{"status", "body", "unreachable", "timeout"},
				`"status_code": {"type": ["integer", "null"], "description": "Null where there was no answer."}`,
				`"elapsed": {"type": "number", "description": "Seconds that the check took."}`),
			spec: func() Spec { return new(HTTP) },
		},
		{
			Ref: TCPCheck, Description: "Nobody accepts connections at an address any more, or somebody does again.",
			ParametersSchema: object(`"address": {"type": "string", "required": true, "description": "Host and port, such as web-1:22."}`, schedule(30, 5, 3)),
			PayloadSchema: changed([]string{"unreachable", "timeout"},
				`"elapsed": {"type": "number", "description": "Seconds that the check took."}`),
			spec: func() Spec { return new(TCP) },
		},
		{
			Ref: TLSCheck, Description: "The certificate at an address expires soon or is not good, or it is good again.",
			ParametersSchema: object(
				`"address": {"type": "string", "required": true, "description": "Host and port, such as web-1:443."}`,
				`"server_name": {"type": "string", "default": "", "description": "The name that the certificate must be for; none: the host of the address."}`,
				`"days": {"type": "number", "minimum": 0, "maximum": 36500, "default": 14, "description": "Days that it must be good for."}`,
				`"verify": {"type": "boolean", "default": true, "description": "Check also its name and who has signed it."}`,
				schedule(3600, 10, 1)),
			PayloadSchema: changed([]string{"expired", "expiring", "untrusted"},
				`"days_left": {"type": "number", "description": "Less than 0 once it has expired."}`,
				`"not_after": {"type": "string", "description": "When it expires, in UTC."}`,
				`"subject": {"type": "string"}`,
				`"issuer": {"type": "string"}`),
			spec: func() Spec { return new(TLS) },
		},
		{
			Ref: ProcessCheck, Description: "Too few or too many processes run on the server's machine, or as many as should again.",
			ParametersSchema: object(
				`"name": {"type": "string", "default": "", "description": "Name of the program, such as nginx."}`,
				`"pattern": {"type": "string", "default": "", "description": "Regular expression that is found in the command line."}`,
				`"min": {"type": "integer", "minimum": 0, "maximum": 1000000, "default": 1}`,
				`"max": {"type": ["integer", "null"], "minimum": 0, "maximum": 1000000, "description": "None: any number."}`,
				schedule(30, 10, 3)),
			PayloadSchema: changed([]string{"too_few", "too_many"},
				`"count": {"type": "integer", "description": "How many run."}`,
				`"pids": {"type": "array", "items": {"type": "integer"}, "description": "Of the first hundred."}`),
			spec: func() Spec { return new(Process) },
		},
		{
			Ref: PrometheusCheck, Description: "A value that Prometheus knows is beyond a threshold, or is not any more.",
			ParametersSchema: object(
				`"server": {"type": "string", "required": true, "description": "Where Prometheus is, such as http://prometheus:9090."}`,
				`"query": {"type": "string", "required": true, "minLength": 1, "description": "In PromQL."}`,
				`"operator": {"type": "string", "enum": [">", ">=", "<", "<=", "==", "!="], "default": ">"}`,
				`"threshold": {"type": ["number", "null"], "description": "None: whatever the query finds is beyond it, as in alerting rules."}`,
				headers,
				`"verify": {"type": "boolean", "default": true, "description": "Check the certificate of the server."}`,
				schedule(60, 10, 1)),
			PayloadSchema: changed([]string{"threshold"},
				`"value": {"type": ["number", "null"], "description": "The one that is farthest beyond the threshold; null where there is none, or it is no finite number."}`,
				`"labels": {"type": "object", "description": "Of that value."}`,
				`"series": {"type": "integer", "description": "How many values are beyond the threshold."}`),
			spec: func() Spec { return new(Prometheus) },
		},
	}
}

const headers = `"headers": {"type": "object", "additionalProperties": {"type": "string"}, "default": {}, "description": "Headers of the request."}`

// object is the schema of an object with these properties and no others.
func object(properties ...string) string {
	return `{"type": "object", "properties": {` + strings.Join(properties, ", ") + `}, "additionalProperties": false}`
}

// schedule are the parameters that all checks have, with their defaults.
func schedule(interval, timeout, failures int) string {
	return fmt.Sprintf(`"interval": {"type": "number", "minimum": 1, "maximum": 31536000, "default": %d, "description": "Seconds between two checks."}, `+
		`"timeout": {"type": "number", "minimum": 0.1, "maximum": 300, "default": %d, "description": "Seconds after which a check is given up."}, `+
		`"for": {"type": "integer", "minimum": 1, "maximum": 1000, "default": %d, "description": "How many checks in a row must fail before the probe is firing."}`,
		interval, timeout, failures)
}

// changed is the schema of the payload of a check, which can fail for some reasons.
func changed(reasons []string, facts ...string) string {
	var list strings.Builder
	for _, r := range append([]string{"ok"}, reasons...) {
		fmt.Fprintf(&list, ", %q", r)
	}
	return object(append([]string{
		`"status": {"type": "string", "enum": ["firing", "resolved"]}`,
		`"target": {"type": "string", "description": "What was checked."}`,
		`"reason": {"type": "string", "enum": [` + list.String()[2:] + `]}`,
		`"message": {"type": "string", "description": "What was found, for people."}`,
		`"since": {"type": "string", "description": "When the failures in a row began, in UTC."}`,
		`"checked_at": {"type": "string", "description": "When this was found, in UTC."}`,
	}, facts...)...)
}

func quoted(s string) string { return strconv.Quote(s) }
