package alert

// The payload schemas, in the order in which people should read the keys. They
// describe what is always there and leave room for what senders add.

const envelopeProperties = `
    "status": {"type": "string", "enum": ["firing", "pending", "resolved", "notice"], "description": "firing: something is broken. pending: it looks broken and is still being checked. resolved: it is well again. notice: neither begins nor ends anything."},
    "severity": {"type": ["string", "null"], "description": "How bad it is, in lower case and in the sender's word, such as critical or warning. Null: the sender does not say."},
    "name": {"type": "string", "description": "What is wrong: the name of the alert, of the service, or of the type of event."},
    "resource": {"type": ["string", "null"], "description": "What it is wrong with: an instance, a host, a subject. Null: unknown."},
    "summary": {"type": "string", "description": "One sentence for people."},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Texts to select by."},`

const envelopeRequired = `"status", "severity", "name", "resource", "summary", "labels"`

const alertmanagerSchema = `{
  "type": "object",
  "properties": {` + envelopeProperties + `
    "annotations": {"type": "object", "additionalProperties": {"type": "string"}, "description": "The annotations of the alert, such as description and runbook_url."},
    "startsAt": {"type": "string", "format": "date-time", "description": "When the alert began to fire."},
    "endsAt": {"type": ["string", "null"], "format": "date-time", "description": "When the alert was resolved. Null: not yet."},
    "generatorURL": {"type": "string", "description": "The address of what raised the alert."},
    "fingerprint": {"type": "string", "description": "Names the alert: the same for the same labels."},
    "group": {
      "type": "object",
      "description": "What the notification says of all its alerts.",
      "properties": {
        "receiver": {"type": "string"},
        "status": {"type": "string", "description": "firing while any alert of the group is."},
        "groupKey": {"type": "string"},
        "groupLabels": {"type": "object"},
        "commonLabels": {"type": "object"},
        "commonAnnotations": {"type": "object"},
        "externalURL": {"type": "string", "description": "The address of the Alertmanager."},
        "version": {"type": "string"},
        "truncatedAlerts": {"type": "integer", "description": "How many alerts of the group were left out (max_alerts)."}
      }
    }
  },
  "required": [` + envelopeRequired + `, "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint", "group"]
}`

const nagiosSchema = `{
  "type": "object",
  "properties": {` + envelopeProperties + `
    "host": {"type": "string", "description": "The name of the host."},
    "service": {"type": ["string", "null"], "description": "The description of the service. Null: it is about the host itself."},
    "state": {"type": ["string", "null"], "description": "OK, WARNING, CRITICAL or UNKNOWN; of a host UP, DOWN or UNREACHABLE."},
    "last_state": {"type": ["string", "null"], "description": "The state before this one."},
    "state_type": {"type": ["string", "null"], "description": "SOFT while the check is tried again, HARD when it is sure."},
    "attempt": {"type": ["integer", "null"], "description": "Which attempt of the check this was, from 1."},
    "max_attempts": {"type": ["integer", "null"], "description": "After how many attempts a state is hard."},
    "notification_type": {"type": ["string", "null"], "description": "PROBLEM, RECOVERY, ACKNOWLEDGEMENT, FLAPPINGSTART, DOWNTIMESTART and so on. Null: not a notification."},
    "author": {"type": ["string", "null"], "description": "Who acknowledged, commented or planned."},
    "comment": {"type": ["string", "null"]},
    "output": {"type": ["string", "null"], "description": "The first line that the check printed."},
    "long_output": {"type": ["string", "null"], "description": "The other lines."},
    "perfdata": {"type": ["string", "null"], "description": "The performance data of the check."},
    "raw": {"type": "object", "description": "Everything as it was sent."}
  },
  "required": [` + envelopeRequired + `, "host", "service", "state", "state_type", "raw"]
}`

const cloudEventSchema = `{
  "type": "object",
  "properties": {` + envelopeProperties + `
    "id": {"type": "string", "description": "Names the event; unique for its source."},
    "source": {"type": "string", "description": "Where the event comes from: a URI or a reference to one."},
    "specversion": {"type": "string", "description": "Always 1.0."},
    "type": {"type": "string", "description": "What kind of event it is, such as com.example.disk.full."},
    "subject": {"type": ["string", "null"], "description": "What in the source the event is about."},
    "time": {"type": ["string", "null"], "format": "date-time", "description": "When it happened."},
    "datacontenttype": {"type": ["string", "null"], "description": "The media type of data. Null: JSON."},
    "dataschema": {"type": ["string", "null"], "description": "The URI of the schema of data."},
    "extensions": {"type": "object", "description": "The attributes that are the sender's own."},
    "data": {"description": "The data: any JSON, or text. Null: there is none, or it is in data_base64."},
    "data_base64": {"type": ["string", "null"], "description": "Data that is neither JSON nor text."}
  },
  "required": [` + envelopeRequired + `, "id", "source", "specversion", "type", "subject", "time", "extensions", "data", "data_base64"]
}`
