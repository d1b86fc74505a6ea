import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const binary = process.env.NIGHTSHIFT_BIN ?? join(import.meta.dirname, '../../bin/nightshift')

/** A real server with a data folder of its own. */
export class Server {
  readonly folder = mkdtempSync(join(tmpdir(), 'nightshift-web-'))
  url = ''
  password = ''
  private token = ''
  private process?: ChildProcess

  /** Starts the server; when it has run before, at the same address. */
  async start(): Promise<void> {
    const listen = this.url ? new URL(this.url).host : '127.0.0.1:0'
    const args = ['serve', '--data', join(this.folder, 'data'), '--listen', listen, '--packs', join(import.meta.dirname, 'packs'), '--log-level', 'error']
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

  async stop(): Promise<void> {
    if (!this.process || this.process.exitCode !== null) return
    const gone = once(this.process, 'exit')
    this.process.kill()
    await gone
  }

  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Runs the command line, and returns what it prints. */
  cli(...args: string[]): string {
    return execFileSync(binary, args, { encoding: 'utf8' })
  }

  /** Asks the API as a client does. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    if (!this.token) {
      const basic = Buffer.from('admin:' + this.password).toString('base64')
      const made = await fetch(this.url + '/auth/v1/tokens', { method: 'POST', headers: { Authorization: 'Basic ' + basic } })
      this.token = ((await made.json()) as { token: string }).token
    }
    const answer = await fetch(this.url + path, {
      method,
      headers: { 'X-Auth-Token': this.token, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return (answer.status === 204 ? undefined : await answer.json()) as T
  }
}
