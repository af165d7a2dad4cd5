import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askRunning } from '../../collector/control-client.ts'
import { connectedClient, enrolledClient } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { healthyFacts } from '../fakes/facts.ts'
import { mutated } from '../fakes/mutations.ts'

const REQUESTS = 10_000
const AT_ONCE = 40
const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'

let collector: TestCollector
let made: { id: string; key: string }
let attestation: string
let token: string

beforeAll(async () => {
  collector = await testCollector()
  const scopes = ['decide' as const, 'events' as const]
  const answer = await askRunning(`${collector.folder}/collector`, 'gateway-create', { name: 'fuzzed', scopes })
  made = { id: String(answer?.id), key: String(answer?.key) }
  const client = await enrolledClient(await collector.enrollment())
  const conversation = await connectedClient(client)
  await conversation.report(healthyFacts(new Date()))
  const asked = { authorization: `Bearer ${made.key}` }
  const url = `${collector.issuerUrl}/v1/devices/${client.deviceId}/attestation`
  attestation = await (await fetch(url, { headers: asked })).text()
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: made.id, client_secret: made.key })
  const given = await fetch(`${collector.issuerUrl}/oauth/token`, { method: 'POST', body })
  token = ((await given.json()) as { access_token: string }).access_token
})
afterAll(() => collector.close())

/** A good request, and whether an answer of 2xx may be given to a body. */
type Good = {
  method: string
  target: string
  authorization: string
  type?: string
  body?: string
  isRight?: (body: string) => boolean
}
type Part = 'authorization' | 'target' | 'type' | 'body'
type Answer = { status: number; text: string }

/** Sends bytes as they are. What the parts could break out of stands before them. */
function send({ method, target, authorization, type, body = '' }: Good): Promise<Answer> {
  const length = Buffer.byteLength(body)
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `Host: 127.0.0.1:${collector.port}`,
    'Connection: close',
    `Content-Length: ${length}`,
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
    `Authorization: ${authorization}`,
  ]
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(collector.port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`))
    const done = () => {
      const [head = '', content = ''] = text.split(/\r\n\r\n(.*)/s)
      resolve({ status: Number(head.split(' ')[1]), text: content })
      socket.destroy()
    }
    socket.setEncoding('utf8').on('data', (data: string) => {
      text += data
      // A stream of events has no end.
      if (/^content-type: text\/event-stream/im.test(text)) done()
    })
    socket.on('end', done)
    // A parser that has had enough may close before it has read all.
    socket.on('error', (error) => (text === '' ? reject(error) : done()))
  })
}

async function stream(): Promise<string> {
  const headers = { authorization: `Bearer ${made.key}`, 'content-type': JSON_TYPE }
  const response = await fetch(`${collector.issuerUrl}/ssf/stream`, { method: 'POST', headers, body: '{}' })
  return ((await response.json()) as { stream_id: string }).stream_id
}

function parsed(body: string): Record<string, unknown> | null {
  try {
    const it: unknown = JSON.parse(body)
    return typeof it === 'object' && it !== null && !Array.isArray(it) ? { ...it } : null
  } catch {
    return null
  }
}

const only = (form: string, name: string) => {
  const all = new URLSearchParams(form).getAll(name)
  return all.length === 1 ? all[0] : undefined
}

const about = (id: string) => (body: string) => parsed(body)?.['stream_id'] === id

async function goodRequests(): Promise<Good[]> {
  const bearer = `Bearer ${made.key}`
  const [read, changed, removed, polled] = await Promise.all([stream(), stream(), stream(), stream()])
  // Something waits there, so that no poll has to.
  await send({
    method: 'POST',
    target: '/ssf/verify',
    authorization: bearer,
    type: JSON_TYPE,
    body: JSON.stringify({ stream_id: polled }),
  })
  const json = (method: string, target: string, body: object, isRight: (body: string) => boolean): Good => {
    return { method, target, authorization: bearer, type: JSON_TYPE, body: JSON.stringify(body), isRight }
  }
  const form = (
    target: string,
    body: Record<string, string>,
    isRight: (body: string) => boolean,
    authorization = bearer,
  ): Good => {
    return {
      method: 'POST',
      target,
      authorization,
      type: FORM_TYPE,
      body: new URLSearchParams(body).toString(),
      isRight,
    }
  }
  const subject = { format: 'iss_sub', iss: collector.issuerUrl, sub: 'dev_1' }
  const basic = `Basic ${Buffer.from(`${made.id}:${made.key}`).toString('base64')}`
  const grant = { grant_type: 'client_credentials', scope: 'ssf.read decide' }
  const isGrant = (body: string) => only(body, 'grant_type') === grant.grant_type
  return [
    form('/oauth/token', grant, isGrant, basic),
    form(
      '/oauth/token',
      { ...grant, client_id: made.id, client_secret: made.key },
      (body) => isGrant(body) && only(body, 'client_id') === made.id && only(body, 'client_secret') === made.key,
      'none',
    ),
    form(
      '/oauth/introspect',
      { token: attestation, token_type_hint: 'access_token' },
      (body) => only(body, 'token') !== '',
    ),
    { method: 'GET', target: '/v1/events', authorization: `Bearer ${token}` },
    { method: 'GET', target: `/ssf/stream?stream_id=${read}`, authorization: `Bearer ${token}` },
    { method: 'GET', target: `/ssf/status?stream_id=${read}`, authorization: bearer },
    json(
      'POST',
      '/ssf/stream',
      { description: 'x', delivery: { method: 'urn:ietf:rfc:8936' } },
      (body) => parsed(body) !== null,
    ),
    json('PATCH', '/ssf/stream', { stream_id: changed, description: 'x', subject_form: 'device' }, about(changed)),
    json('PUT', '/ssf/stream', { stream_id: changed, events_requested: ['a', 'b'] }, about(changed)),
    json('POST', '/ssf/status', { stream_id: changed, status: 'paused', reason: 'x' }, about(changed)),
    json('POST', '/ssf/subjects:add', { stream_id: changed, subject, verified: true }, about(changed)),
    json('POST', '/ssf/subjects:remove', { stream_id: changed, subject }, about(changed)),
    json('POST', '/ssf/verify', { stream_id: changed, state: 'c3RhdGU' }, about(changed)),
    json(
      'POST',
      `/ssf/poll/${polled}`,
      { maxEvents: 5, returnImmediately: true, ack: ['x'], setErrs: { y: { err: 'z' } } },
      (body) => parsed(body) !== null,
    ),
    { method: 'DELETE', target: `/ssf/stream?stream_id=${removed}`, authorization: bearer },
  ]
}

/** Whether what was changed may still be answered with 2xx: what is said before a line that was broken off counts. */
function mayPass(good: Good, part: Part, changed: string): boolean {
  const [line = ''] = changed.split(/[\r\n]/)
  switch (part) {
    case 'authorization': {
      const [scheme = '', secret = ''] = good.authorization.split(' ')
      const [first = '', second = ''] = line.trim().split(/ +/)
      const isSame = first.toLowerCase() === scheme.toLowerCase() && second === secret
      // Padding of base64, and what says nothing.
      return isSame || scheme === 'none' || (scheme === 'Basic' && isSameBasic(line.trim(), secret))
    }
    case 'target':
      return plain(line) === plain(good.target)
    case 'type':
      return true
    case 'body':
      return good.isRight?.(changed) ?? true
  }
}

function isSameBasic(line: string, secret: string): boolean {
  const [, given = ''] = /^Basic +(\S+)$/i.exec(line) ?? []
  return Buffer.from(given, 'base64').equals(Buffer.from(secret, 'base64'))
}

/** The path that a target names, whatever stands after it; how it is written does not matter. */
function plain(target: string): string {
  const [path = ''] = target.split(/[?# ;]/)
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

test(
  'whatever is changed of a request, it is refused as the mistake that it is, or is still right',
  { timeout: 180_000 },
  async () => {
    const goods = await goodRequests()
    const wrong: unknown[] = []
    const counts = new Map<number, number>()
    const one = async (seed: number) => {
      const good = goods[seed % goods.length]!
      const parts = (['authorization', 'target', 'type', 'body'] as const).filter((part) => good[part] !== undefined)
      const part = parts[Math.floor(seed / goods.length) % parts.length]!
      const changed = mutated(good[part] ?? '', seed)
      const { status, text } = await send({ ...good, [part]: changed })
      counts.set(status, (counts.get(status) ?? 0) + 1)
      const isRefused = status >= 400 && status < 500
      const isActive = good.target === '/oauth/introspect' && text.includes('"active":true')
      const isForged = isActive && part === 'body' && only(changed, 'token') !== attestation
      if (isForged || !(isRefused || (status >= 200 && status < 300 && mayPass(good, part, changed)))) {
        wrong.push({
          status,
          method: good.method,
          target: good.target,
          part,
          changed: changed.slice(0, 300),
          text: text.slice(0, 200),
        })
      }
    }
    for (let from = 0; from < REQUESTS; from += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => one(from + index)))
    }
    expect(wrong).toEqual([])
    // It was neither all refused nor all let through.
    expect([200, 204, 400, 401, 404].filter((status) => (counts.get(status) ?? 0) < 50)).toEqual([])
    expect(collector.logged.filter((line) => line.includes('"internal"'))).toEqual([])
    expect(
      await send({ method: 'GET', target: '/v1/devices/dev_none', authorization: `Bearer ${made.key}` }),
    ).toMatchObject({ status: 404 })
  },
)
