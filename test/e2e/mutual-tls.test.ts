import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openConnection } from '../../agent/connection.ts'
import { enroll } from '../../agent/enroll.ts'
import { createSoftwareKey } from '../../agent/identity/software.ts'
import { askRunning } from '../../collector/control-client.ts'
import type { Scope } from '../../collector/store/store.ts'
import { parseEnrollmentString } from '../../shared/enrollment.ts'
import { digest } from '../../shared/jws.ts'
import { HAS_OPENSSL, openCertificates, type Certificate } from '../fakes/certificates.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'

const START = new Date()
const certificates = openCertificates()
let server: Certificate
let own: Certificate
let other: Certificate
let collector: TestCollector

beforeAll(async () => {
  if (!HAS_OPENSSL) return
  server = certificates.make('localhost')
  own = certificates.make('wiki')
  other = certificates.make('payroll')
  collector = await started({ 'mutual-tls': 'true' })
})
afterAll(async () => {
  await collector?.close()
  certificates.remove()
})
beforeEach(() => {
  if (HAS_OPENSSL) collector.clock.now = START
})

const started = (settings: Record<string, string>) =>
  testCollector({ now: START, settings: { 'tls-cert': server.certFile, 'tls-key': server.keyFile, ...settings } })

async function gateway(of: { scopes?: Scope[]; certificate?: string }, at = collector) {
  const asked = {
    name: 'wiki',
    scopes: of.scopes ?? ['decide' as const],
    ...(of.certificate !== undefined && { certificate: of.certificate }),
  }
  const made = await askRunning(`${at.folder}/collector`, 'gateway-create', asked)
  return { id: String(made?.id), key: String(made?.key), certificate: made?.certificate }
}

const revoke = (id: string) => askRunning(`${collector.folder}/collector`, 'gateway-revoke', { id })

/** A gateway with this certificate, for as long as one test. */
async function certified<T>(
  certificate: Certificate,
  scopes: Scope[],
  use: (of: { id: string; key: string }) => Promise<T>,
) {
  const made = await gateway({ certificate: certificate.cert, scopes })
  try {
    return await use(made)
  } finally {
    await revoke(made.id)
  }
}

type Sent = {
  path?: string
  certificate?: Certificate
  headers?: Record<string, string>
  form?: string
  agent?: Agent
  at?: TestCollector
}
type Got = { status: number; body: Record<string, unknown>; resumed: boolean }

/** A request over a connection of its own, unless an agent is given. */
function ask({
  path = '/v1/devices/dev_none',
  certificate,
  headers = {},
  form,
  agent,
  at = collector,
}: Sent): Promise<Got> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        servername: 'localhost',
        port: at.port,
        path,
        method: form === undefined ? 'GET' : 'POST',
        ca: server.cert,
        agent: agent ?? false,
        ...(certificate && { cert: certificate.cert, key: certificate.key }),
        headers: { ...headers, ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }) },
      },
      (response) => {
        const resumed = (response.socket as TLSSocket).isSessionReused()
        let text = ''
        response.on('data', (data: Buffer) => (text += data.toString()))
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Got['body'], resumed }),
        )
      },
    )
    call.on('error', reject)
    call.end(form)
  })
}

/** A stream of events, once it has begun. */
function follow({ cert, key }: Certificate): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const to = { host: '127.0.0.1', servername: 'localhost', port: collector.port, path: '/v1/events' }
    const call = request({ ...to, ca: server.cert, cert, key, agent: false }, (response) => {
      response.on('error', () => undefined).once('data', () => resolve(response))
    })
    call.on('error', reject)
    call.end()
  })
}

const statusOf = async (sent: Sent) => (await ask(sent)).status
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe.skipIf(!HAS_OPENSSL)('a gateway with a client certificate (skipped where openssl is missing)', () => {
  test('is known by the SHA-256 of its certificate, and needs no key', async () => {
    const made = await gateway({ certificate: own.cert })
    expect(made.certificate).toBe(digest(new X509Certificate(own.cert).raw))
    expect(await statusOf({ certificate: own })).toBe(404)
    expect(await statusOf({ headers: bearer(made.key) })).toBe(404)
    expect(await statusOf({ path: '/v1/admin/devices', certificate: own })).toBe(403)
    await revoke(made.id)
    expect(await ask({ certificate: own })).toMatchObject({ status: 401, body: { code: 'gateway-key-missing' } })
  })

  test('is nobody without it, or with another of the same name', async () => {
    const namesake = openCertificates()
    try {
      const alike = namesake.make('wiki')
      await certified(own, ['decide'], async () => {
        for (const certificate of [undefined, other, alike]) {
          const sent = certificate ? { certificate } : {}
          expect(await ask(sent)).toMatchObject({ status: 401, body: { code: 'gateway-key-missing' } })
        }
      })
    } finally {
      namesake.remove()
    }
  })

  test('proves that it has the key, not the certificate alone', async () => {
    await certified(own, ['decide'], async () => {
      const stolen = { ...own, key: other.key }
      await expect(ask({ certificate: stolen })).rejects.toThrow(/key values mismatch/)
    })
  })

  test('others may still use keys, with a certificate that nobody knows or without one', async () => {
    const { key } = await gateway({})
    expect(await statusOf({ headers: bearer(key) })).toBe(404)
    expect(await statusOf({ headers: bearer(key), certificate: other })).toBe(404)
  })

  test('is that gateway whatever its users send in Authorization', async () => {
    const admin = await gateway({ scopes: ['admin'] })
    await certified(own, ['decide'], async () => {
      for (const authorization of [
        'Bearer eyJhbGciOiJub25lIn0.e30.',
        `Bearer ${admin.key}`,
        'Basic YTpi',
        'Bearer mgw_none',
      ]) {
        expect(await statusOf({ certificate: own, headers: { authorization } })).toBe(404)
        expect(await statusOf({ certificate: own, headers: { authorization }, path: '/v1/admin/devices' })).toBe(403)
      }
    })
  })

  test('is refused with the key or the token of another in the header for gateways', async () => {
    const another = await gateway({})
    await certified(own, ['decide'], async ({ key }) => {
      for (const given of [another.key, 'mgw_none', 'x', 'eyJhbGciOiJub25lIn0.e30.']) {
        const headers = { 'muster-gateway-key': given }
        expect(await ask({ certificate: own, headers })).toMatchObject({
          status: 401,
          body: { code: 'gateway-key-invalid' },
        })
      }
      expect(await statusOf({ certificate: own, headers: { 'muster-gateway-key': key } })).toBe(404)
    })
  })

  test('is nobody once its certificate is over', async () => {
    await certified(own, ['decide'], async () => {
      collector.clock.now = new Date(START.getTime() + 3 * 86_400_000)
      expect(await statusOf({ certificate: own })).toBe(401)
    })
  })

  test('follows events no longer than its certificate is good', async () => {
    await certified(own, ['decide'], async () => {
      const [following, leaving] = [await follow(own), await follow(own)]
      collector.clock.now = new Date(START.getTime() + 3 * 86_400_000)
      // Whoever leaves has all the others look up.
      leaving.destroy()
      await once(following, 'end')
      expect(following.complete).toBe(true)
    })
  })

  test('is known again when a session is resumed, and until it is revoked', async () => {
    const agent = new Agent({ maxCachedSessions: 10 })
    const made = await gateway({ certificate: own.cert })
    const got: [boolean, number][] = []
    const asked = async () => {
      const { resumed, status } = await ask({ certificate: own, agent })
      got.push([resumed, status])
    }
    await asked()
    await asked()
    await revoke(made.id)
    await asked()
    agent.destroy()
    expect(got).toEqual([
      [false, 404],
      [true, 404],
      [true, 401],
    ])
  })

  test('is nobody on a connection that is open already, once it is revoked', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const made = await gateway({ certificate: own.cert })
    expect(await statusOf({ certificate: own, agent })).toBe(404)
    await revoke(made.id)
    expect(await statusOf({ certificate: own, agent })).toBe(401)
    agent.destroy()
  })

  test('gets tokens with its id alone, which are worth nothing without the certificate', async () => {
    await certified(own, ['decide', 'events'], async ({ id, key }) => {
      const form = `grant_type=client_credentials&client_id=${id}&scope=ssf.read`
      const sent = { path: '/oauth/token', form }
      expect(await ask(sent)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
      expect(await ask({ ...sent, certificate: other })).toMatchObject({
        status: 401,
        body: { error: 'invalid_client' },
      })
      for (const secret of ['', `&client_secret=${key}`]) {
        const answer = await ask({
          path: '/oauth/token',
          form: form.replace('ssf.read', 'decide') + secret,
          certificate: own,
        })
        const token = String(answer.body['access_token'])
        expect(await ask({ headers: bearer(token) })).toMatchObject({
          status: 401,
          body: { code: 'access-token-invalid' },
        })
        expect(await statusOf({ headers: bearer(token), certificate: other })).toBe(401)
        expect(await statusOf({ headers: bearer(token), certificate: own })).toBe(404)
      }
      const narrow = await ask({ ...sent, certificate: own })
      expect(await statusOf({ headers: bearer(String(narrow.body['access_token'])), certificate: own })).toBe(403)

      const unbound = await ask({
        path: '/oauth/token',
        form: `${form}&client_secret=${key}`.replace('ssf.read', 'decide'),
        certificate: other,
      })
      expect(await statusOf({ headers: bearer(String(unbound.body['access_token'])) })).toBe(404)
    })
  })

  test('is not asked for its certificate unless the setting is on, which clients can look up', async () => {
    const plain = await started({})
    const path = '/.well-known/oauth-authorization-server'
    const methods = async (at: TestCollector) => (await ask({ path, at })).body['token_endpoint_auth_methods_supported']
    expect(await methods(plain)).toEqual(['client_secret_basic', 'client_secret_post'])
    expect(await methods(collector)).toContain('self_signed_tls_client_auth')
    const made = await gateway({ certificate: own.cert }, plain)
    expect(await statusOf({ certificate: own, at: plain })).toBe(401)
    expect(await statusOf({ certificate: own, headers: bearer(made.key), at: plain })).toBe(404)
    await plain.close()
  })

  test('is made with one certificate that is good, and of no other', async () => {
    const made = await gateway({ certificate: own.cert })
    for (const certificate of [
      '',
      'x',
      own.key,
      other.cert + own.cert,
      other.cert + own.key,
      own.cert.replace(/MI/, 'MA'),
      own.cert,
    ]) {
      await expect(gateway({ certificate })).rejects.toMatchObject({ code: 'certificate-invalid' })
    }
    collector.clock.now = new Date(START.getTime() + 3 * 86_400_000)
    await expect(gateway({ certificate: other.cert })).rejects.toMatchObject({
      code: 'certificate-invalid',
      message: expect.stringMatching(/^it is over since /),
    })
    await revoke(made.id)
  })

  test('does not keep agents from connecting, which have none', async () => {
    const ticket = parseEnrollmentString(await collector.enrollment())
    const applicant = {
      key: await createSoftwareKey(join(mkdtempSync(join(tmpdir(), 'muster-agent-')), 'device.pem')),
      platform: 'linux' as const,
      device: { hostname: 'laptop', manufacturer: '', model: '', serial: '', chassis: '' },
    }
    const { enrollment } = await enroll(ticket, applicant, () => START)
    const first = await new Promise<string>((resolve, reject) => {
      const connection = openConnection(enrollment, 'test', {
        opened: () => undefined,
        text(json) {
          resolve(json)
          connection.close('agent-stopping')
        },
        closed: ({ why }) => reject(new Error(why)),
      })
    })
    expect(JSON.parse(first)).toMatchObject({ type: 'challenge' })
  })
})
