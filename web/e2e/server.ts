import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const binary = process.env.NIGHTSHIFT_BIN ?? join(import.meta.dirname, '../../bin/nightshift')

/** What a server starts with, beside its packs. */
export interface Settings {
  files?: (folder: string) => Record<string, string> // in its folder; nightshift.yaml has its settings
  fill?: (data: string) => Promise<void> // puts something into its data folder before the first start
  bare?: boolean // without the packs that others are tried with
  neighbours?: string[] // where a page of it may send a browser
  stop?: () => void // ends what runs beside it
}

/** A real server with a data folder of its own. */
export class Server {
  readonly folder = mkdtempSync(join(tmpdir(), 'nightshift-web-'))
  url = ''
  password = ''
  private token = ''
  private process?: ChildProcess
  readonly settings: Settings

  constructor(settings: Settings = {}) {
    this.settings = settings
    for (const [name, text] of Object.entries(settings.files?.(this.folder) ?? {})) {
      mkdirSync(dirname(join(this.folder, name)), { recursive: true })
      writeFileSync(join(this.folder, name), text)
    }
  }

  /** Starts the server; when it has run before, at the same address. */
  async start(): Promise<void> {
    const listen = this.url ? new URL(this.url).host : '127.0.0.1:0'
    if (!this.url) await this.settings.fill?.(join(this.folder, 'data'))
    const args = ['serve', '--data', join(this.folder, 'data'), '--listen', listen, '--log-level', 'error']
    if (!this.settings.bare) args.push('--packs', join(import.meta.dirname, 'packs'))
    const config = join(this.folder, 'nightshift.yaml')
    if (existsSync(config)) args.push('--config', config)
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.process = child
    let said = ''
    for await (const chunk of child.stdout) {
      said += String(chunk)
      const url = /ready at (\S+)/.exec(said)?.[1]
      if (!url) continue
      this.url = url
      this.password ||= /password (\S+)/.exec(said)?.[1] ?? ''
      break
    }
    if (!this.url) throw new Error('the server did not start: ' + said)
  }

  /** Ends the server: by SIGKILL as a machine without power does, or as its administrator does. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return
    const gone = once(this.process, 'exit')
    this.process.kill(signal)
    await gone
  }

  async remove(): Promise<void> {
    await this.stop()
    this.settings.stop?.()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Runs the command line, and returns what it prints. */
  cli(...args: string[]): string {
    return execFileSync(binary, args, { encoding: 'utf8' })
  }

  /** A token of the administrator. */
  async adminToken(): Promise<string> {
    if (!this.token) {
      const basic = Buffer.from('admin:' + this.password).toString('base64')
      const made = await fetch(this.url + '/auth/v1/tokens', { method: 'POST', headers: { Authorization: 'Basic ' + basic } })
      this.token = ((await made.json()) as { token: string }).token
    }
    return this.token
  }

  /** Asks the API as a client does. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(this.url + path, {
      method,
      headers: { 'X-Auth-Token': await this.adminToken(), 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return (answer.status === 204 ? undefined : await answer.json()) as T
  }
}
