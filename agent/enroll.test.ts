import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseEnrollment, parseUnenrollment } from '../shared/evidence.ts'
import { digest, isSignedBy, parseJws, publicKeyOf, TYP } from '../shared/jws.ts'
import { enroll, unenroll } from './enroll.ts'
import type { DeviceKey } from './identity/key.ts'
import { createSoftwareKey } from './identity/software.ts'

type Seen = { method: string; path: string; headers: IncomingHttpHeaders; body: string }
type Reply = { status: number; body: unknown; headers?: Record<string, string> }

let server: Server
let url = ''
let folder = ''
let key: DeviceKey
let seen: Seen[] = []
/** What the collector answers, by method and path; a nonce unless said otherwise. */
let replies: Record<string, Reply> = {}

beforeEach(async () => {
  seen = []
  folder = mkdtempSync(join(tmpdir(), 'muster-enroll-'))
  key = await createSoftwareKey(join(folder, 'key.pem'))
  server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      seen.push({ method, path, headers, body })
      const reply = replies[`${method} ${path}`] ?? { status: 404, body: { code: 'not-found' } }
      const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body)
      response.writeHead(reply.status, reply.headers).end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  replies = {
    'POST /v1/enrollments/nonce': {
      status: 200,
      body: { nonce: 'n'.repeat(32), expiresIn: 300 },
      headers: { date: DATE },
    },
    'POST /v1/enrollments': { status: 201, body: { deviceId: key.id, issuer: url, status: 'active' } },
    [`DELETE /v1/enrollments/${key.id}`]: { status: 204, body: '' },
  }
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true })
})

const DATE = 'Mon, 04 May 2026 10:00:00 GMT'
const SECRET = 's'.repeat(43)
const device = { hostname: 'laptop', manufacturer: 'M', model: 'X', serial: '123', chassis: 'notebook' }
/** A laptop whose clock is an hour wrong. */
const clock = () => new Date('2026-05-04T11:00:00Z')
const enrol = () => enroll({ url, secret: SECRET }, { key, platform: 'linux', device }, clock)

const problem = (code: string, status: number, detail?: string) => ({
  status,
  body: { type: 't', title: 'T', status, code, detail, fix: 'F' },
})

describe('enroll', () => {
  test('proves the key, by the clock of the collector, and never sends the secret', async () => {
    expect(await enrol()).toEqual({
      enrollment: { url, issuer: url, deviceId: key.id },
      status: 'active',
    })
    const proof: unknown = JSON.parse(seen[1]?.body ?? '').proof
    const jws = parseJws(String(proof), TYP.enrollment)
    if (!jws.ok) throw new Error(jws.problem)
    expect(isSignedBy(jws.value, publicKeyOf(jws.value.header.jwk!)!)).toBe(true)
    const claims = parseEnrollment(jws.value.claims)
    expect(claims.ok && claims.value).toEqual({
      aud: url,
      nonce: 'n'.repeat(32),
      iat: Date.parse('2026-05-04T10:00:00Z') / 1000,
      secret: digest(SECRET),
      keyProtection: 'software',
      platform: 'linux',
      device,
    })
    expect(JSON.stringify(seen)).not.toContain(SECRET)
  })

  test('the pin is kept with the enrolment', async () => {
    // A pin is of no use over plain HTTP, and does no harm.
    const pin = 'p'.repeat(43)
    const { enrollment } = await enroll({ url, pin, secret: SECRET }, { key, platform: 'linux', device }, clock)
    expect(enrollment.pin).toBe(pin)
  })

  const failures: { name: string; path: string; reply: Reply; code: string; message?: string }[] = [
    {
      name: 'a token that is used up',
      path: 'POST /v1/enrollments',
      reply: problem('enrollment-token-invalid', 403),
      code: 'enrollment-token-invalid',
    },
    {
      name: 'a problem with a detail',
      path: 'POST /v1/enrollments',
      reply: problem('enrollment-proof-invalid', 400, 'spent'),
      code: 'enrollment-proof-invalid',
      message: 'spent',
    },
    {
      name: 'a key that is enrolled',
      path: 'POST /v1/enrollments',
      reply: problem('already-enrolled', 409),
      code: 'already-enrolled',
    },
    {
      name: 'too many requests',
      path: 'POST /v1/enrollments/nonce',
      reply: problem('too-many-messages', 429),
      code: 'too-many-messages',
    },
    {
      name: 'a code that this version does not know',
      path: 'POST /v1/enrollments',
      reply: problem('from-the-future', 400),
      code: 'collector-unreachable',
    },
    {
      name: 'a page of a captive portal',
      path: 'POST /v1/enrollments/nonce',
      reply: { status: 200, body: '<html>Welcome' },
      code: 'collector-unreachable',
    },
    {
      name: 'a redirect',
      path: 'POST /v1/enrollments/nonce',
      reply: { status: 302, body: '', headers: { location: 'http://evil.example/' } },
      code: 'collector-unreachable',
    },
    {
      name: 'an empty answer',
      path: 'POST /v1/enrollments',
      reply: { status: 201, body: '' },
      code: 'collector-unreachable',
    },
    {
      name: 'an answer without an end',
      path: 'POST /v1/enrollments',
      reply: { status: 201, body: 'x'.repeat(200_000) },
      code: 'collector-unreachable',
    },
    {
      name: 'a status that we do not know',
      path: 'POST /v1/enrollments',
      reply: { status: 201, body: { deviceId: `dev_${'x'.repeat(43)}`, issuer: 'i', status: 'blessed' } },
      code: 'collector-unreachable',
    },
    {
      name: 'the device of somebody else',
      path: 'POST /v1/enrollments',
      reply: { status: 201, body: { deviceId: `dev_${'x'.repeat(43)}`, issuer: 'i', status: 'active' } },
      code: 'enrollment-proof-invalid',
    },
  ]
  for (const { name, path, reply, code, message } of failures) {
    test(`${name} is ${code}`, async () => {
      replies[path] = reply
      await expect(enrol()).rejects.toMatchObject({ code, ...(message !== undefined && { message }) })
    })
  }

  test('another address as issuer is refused: reports would be signed for it', async () => {
    replies['POST /v1/enrollments'] = {
      status: 201,
      body: { deviceId: key.id, issuer: 'https://other.example', status: 'active' },
    }
    await expect(enrol()).rejects.toMatchObject({ code: 'enrollment-proof-invalid' })
  })

  test('a collector that is not there is unreachable', async () => {
    server.close()
    await expect(enrol()).rejects.toMatchObject({
      code: 'collector-unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })
})

const leave = () => unenroll({ url, issuer: url, deviceId: key.id }, key, clock)

describe('unenroll', () => {
  test('asks with a proof of its own', async () => {
    await leave()
    const { headers } = seen.find(({ method }) => method === 'DELETE')!
    const jws = parseJws(String(headers['muster-proof']), TYP.unenrollment)
    if (!jws.ok) throw new Error(jws.problem)
    expect(isSignedBy(jws.value, publicKeyOf(key.jwk)!)).toBe(true)
    expect(parseUnenrollment(jws.value.claims)).toMatchObject({ ok: true, value: { aud: url, iss: key.id } })
  })

  test('a collector that has forgotten the device is content', async () => {
    replies[`DELETE /v1/enrollments/${key.id}`] = { status: 404, body: { code: 'device-unknown' } }
    await expect(leave()).resolves.toBeUndefined()
  })

  test('a collector that refuses is not taken for one that has forgotten', async () => {
    replies[`DELETE /v1/enrollments/${key.id}`] = { status: 400, body: { code: 'enrollment-proof-invalid' } }
    await expect(leave()).rejects.toMatchObject({ code: 'enrollment-proof-invalid' })
    replies[`DELETE /v1/enrollments/${key.id}`] = { status: 404, body: 'not found' }
    await expect(leave()).rejects.toMatchObject({ code: 'collector-unreachable' })
  })
})
