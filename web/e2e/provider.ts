import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A provider of OpenID Connect that people log in to by a button. It asks for PKCE and
 * signs with a key of its own, as those do that companies have.
 */
export class Provider {
  readonly client = 'nightshift'
  readonly secret = 'the secret of the client'
  url = ''
  private server?: Server
  private readonly key = generateKeyPairSync('rsa', { modulusLength: 2048 })
  private readonly asked = new Map<string, URLSearchParams>()

  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (text: string) => (body += text))
      request.on('end', () => {
        const at = new URL(request.url ?? '/', this.url)
        const [status, headers, text] = this.answer(at, request.headers.authorization ?? '', new URLSearchParams(body))
        response.writeHead(status, headers).end(text)
      })
    })
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  stop(): void {
    this.server?.closeAllConnections()
    this.server?.close()
  }

  private answer(at: URL, authorization: string, form: URLSearchParams): [number, Record<string, string>, string] {
    const json = (status: number, value: object): [number, Record<string, string>, string] => [status, { 'Content-Type': 'application/json' }, JSON.stringify(value)]
    switch (at.pathname) {
      case '/.well-known/openid-configuration':
        return json(200, {
          issuer: this.url,
          authorization_endpoint: this.url + '/authorize',
          token_endpoint: this.url + '/token',
          jwks_uri: this.url + '/keys',
          id_token_signing_alg_values_supported: ['RS256'],
        })
      case '/keys':
        return json(200, { keys: [{ ...this.key.publicKey.export({ format: 'jwk' }), kid: 'the key', alg: 'RS256', use: 'sig' }] })
      case '/authorize': {
        const q = at.searchParams
        if (q.get('client_id') !== this.client || q.get('response_type') !== 'code' || q.get('code_challenge_method') !== 'S256') return json(400, { error: 'invalid_request' })
        const code = randomUUID()
        this.asked.set(code, q)
        const back = new URL(q.get('redirect_uri')!)
        back.search = new URLSearchParams({ code, state: q.get('state')! }).toString()
        return [200, { 'Content-Type': 'text/html' }, `<!doctype html><title>Log in</title><h1>Who are you?</h1><a href="${back.href.replaceAll('&', '&amp;')}">I am Ada</a>`]
      }
      case '/token': {
        const wanted = 'Basic ' + Buffer.from(`${this.client}:${encodeURIComponent(this.secret).replaceAll('%20', '+')}`).toString('base64')
        if (authorization !== wanted) return json(401, { error: 'invalid_client' })
        const asked = this.asked.get(form.get('code') ?? '')
        this.asked.delete(form.get('code') ?? '')
        const verifier = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url')
        if (!asked || asked.get('code_challenge') !== verifier) return json(400, { error: 'invalid_grant' })
        const now = Math.floor(Date.now() / 1000)
        const claims = { iss: this.url, aud: this.client, sub: '1', iat: now, exp: now + 60, nonce: asked.get('nonce') ?? undefined, preferred_username: 'ada', groups: ['ops'] }
        const text = [{ alg: 'RS256', kid: 'the key' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
        const signed = text + '.' + sign('sha256', Buffer.from(text), this.key.privateKey).toString('base64url')
        return json(200, { access_token: randomUUID(), token_type: 'Bearer', id_token: signed })
      }
      default:
        return json(404, { error: 'there is no such page' })
    }
  }
}
