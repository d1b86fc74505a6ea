import type { components } from './schema'

type Schemas = components['schemas']

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** What the server shows in place of a secret. Sent back, it stands for what was there. */
export const masked = '********'

/** A thing as the description has it, with what it leaves open. Lists have the same where the UI asks for all attributes. */
type Whole<Name extends keyof Schemas, Known extends object = object> = Omit<Schemas[Name], keyof Known> & Known

/** A property of a schema: of parameters, of payloads, of answers. */
export interface Property {
  type?: string | string[]
  description?: string
  default?: Json
  enum?: Json[]
  required?: boolean
  secret?: boolean
  immutable?: boolean
  position?: number
  format?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  items?: Property
  properties?: Properties
}
export type Properties = Record<string, Property>

export interface ExecutionContext {
  user?: string
  rule?: { id: string; name: string }
  trigger_instance?: { id: string; name: string }
  're-run'?: { ref: string }
  parent?: { execution_id: string }
  orquesta?: { workflow_execution_id?: string; task_name?: string; task_id?: string; task_route?: number; item_id?: number }
  chain?: { name?: string }
  [key: string]: unknown
}

/** An execution as lists show it: without parameters and result. */
export interface ExecutionRow {
  id: string
  status: Status
  start_timestamp: string
  end_timestamp?: string
  elapsed_seconds?: number | null
  action?: { ref: string; runner_type?: string }
  context?: ExecutionContext
  rule?: { ref?: string; name?: string }
  parent?: string
  trigger_instance?: { id: string; trigger?: string }
}

export interface Execution extends ExecutionRow {
  attempt?: number
  children?: string[]
  delay?: number
  liveaction?: { action: string; action_is_workflow: boolean }
  log?: { status: Status; timestamp: string }[]
  parameters?: JsonObject
  result?: Json
  result_size?: number
  runner?: { name: string }
  trigger?: { ref: string }
}

export type Status =
  | 'requested'
  | 'scheduled'
  | 'delayed'
  | 'running'
  | 'pending'
  | 'pausing'
  | 'paused'
  | 'resuming'
  | 'canceling'
  | 'canceled'
  | 'succeeded'
  | 'failed'
  | 'timeout'
  | 'abandoned'

export type ExecutionWhy = Schemas['ExecutionWhy']
export type Action = Whole<'Action', { parameters: Properties; output_schema: Properties; problem?: string; idempotent?: boolean }>
export type Rule = Whole<
  'Rule',
  {
    trigger: { type: string; ref?: string; parameters: JsonObject; description?: string }
    criteria: Record<string, { type: string; pattern: Json; condition?: string }>
    action: { ref: string; parameters: JsonObject; description?: string }
    context: JsonObject
    type: { ref: string; parameters: JsonObject }
    problem?: string
  }
>
export type RuleWhy = Whole<'RuleWhy', { criteria: Criterion[] }>
export type Criterion = Whole<'Criterion', { pattern: Json; value: Json; written?: Json; failure?: string; note?: string }>
export type Instance = Whole<'Instance', { payload: JsonObject; trace_tag?: string; key?: string }>
export type Enforcement = Whole<'Enforcement', { rule: { ref: string }; execution_id?: string; failure_reason?: string }>
export type EventWhy = Whole<'EventWhy', { event: Instance; rules: RuleWhy[]; enforcements: Enforcement[]; note?: string }>
export type TriggerType = Whole<'TriggerType', { payload_schema: { properties?: Properties }; parameters_schema: { properties?: Properties } }>
export type Trigger = Whole<'Trigger', { parameters: JsonObject }>
export type Pack = Whole<'Pack', { path?: string }>
export type Sensor = Whole<'Sensor'>
export type SensorRun = Schemas['SensorRun'] & { ref: string }
export type Probe = Schemas['Probe']
export type Key = Schemas['Key'] & { name: string }
export type Inquiry = Whole<'Inquiry', { users: string[]; roles: string[]; schema: { properties?: Properties; [key: string]: unknown } }>
export type User = Whole<'User', { authentication: { method: string; location: string; token_expire?: string }; rbac: { enabled: boolean; is_admin: boolean; roles: string[] } }>
export type Policy = Whole<'Policy', { parameters: JsonObject }>
