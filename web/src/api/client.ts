import createClient from 'openapi-fetch'
import type { paths } from './schema'
import { session } from './session'

/** What the server refused, or that it could not be reached. */
export class Fault extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The server did not answer. It may be starting again. */
export const unreachable = 0

async function send(request: Request): Promise<Response> {
  let response: Response
  try {
    response = await fetch(request)
  } catch (err) {
    if (request.signal.aborted) throw err
    throw new Fault(unreachable, 'The server cannot be reached.')
  }
  if (response.status === 401 && !request.headers.has('Authorization')) session.expire()
  return response
}

/** The API, typed by its own description. Every request to the server goes through here. */
export const api = createClient<paths>({
  baseUrl: location.origin,
  fetch: send,
  querySerializer: { array: { style: 'form', explode: false } },
})

/** The answer of a call, or a Fault that is thrown. T is what the server is known to answer; see types.ts. */
export async function ask<T>(call: Promise<{ data?: unknown; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call
  if (!response.ok) throw faultOf(response.status, error)
  return data as T
}

/** A page of a list, and how many there are in all: at least so many, where the server has stopped to count. */
export interface PageOf<T> {
  items: T[]
  total: number
  atLeast: boolean
}

export async function page<T>(call: Promise<{ data?: unknown[]; error?: unknown; response: Response }>): Promise<PageOf<T>> {
  const { data, error, response } = await call
  if (!response.ok) throw faultOf(response.status, error)
  return {
    items: (data ?? []) as T[],
    total: Number(response.headers.get('X-Total-Count') ?? data?.length ?? 0),
    atLeast: response.headers.get('X-Total-Count-At-Least') === 'true',
  }
}

function faultOf(status: number, body: unknown): Fault {
  const said = (body as { faultstring?: string } | undefined)?.faultstring
  return new Fault(status, said ?? `The server answered with status ${status}.`)
}

/** What is wrong, for people. */
export function messageOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err)
}
