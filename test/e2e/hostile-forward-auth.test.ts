import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowserSessions } from '../../collector/browser/sessions.ts'
import { openSecretFile } from '../../collector/secret-file.ts'
import { comparableUrl } from '../../shared/comparable-url.ts'
import { connectedClient, enrolledClient, type Client } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { dpopProof } from '../fakes/dpop.ts'
import { healthyFacts } from '../fakes/facts.ts'
import { mutated } from '../fakes/mutations.ts'

const REQUESTS = 10_000
const AT_ONCE = 40
const HOST = 'wiki.example.com'
const URI = '/start/page?x=1'
const ADDRESS = `https://${HOST}${URI}`
const TIER = 'restricted'

let collector: TestCollector
let client: Client
let key: string
let vouching: string
let attestation: string
let cookie: string
/** Taken by the collector for a minute at least. */
let nonce: { value: string; at: number }

beforeAll(async () => {
  collector = await testCollector()
  client = await enrolledClient(await collector.enrollment())
  await (await connectedClient(client)).report(healthyFacts(new Date()))
  key = await collector.gatewayKey('decide')
  vouching = await collector.gatewayKey('decide', 'vouch')
  const asked = { headers: { authorization: `Bearer ${key}` } }
  const url = `${collector.issuerUrl}/v1/devices/${client.deviceId}/attestation`
  attestation = await (await fetch(url, asked)).text()
  const secret = openSecretFile(`${collector.folder}/collector/browser-key`)
  const sessions = openBrowserSessions({ secret, hours: 8, clock: () => collector.clock.now })
  cookie = sessions.bind(client.deviceId, HOST).split(';')[0] ?? ''
  await renewNonce()
})
afterAll(() => collector.close())

async function renewNonce(): Promise<void> {
  const answer = await fetch(`${collector.issuerUrl}/v1/forward-auth/-`, {
    headers: { 'muster-gateway-key': key, 'x-forwarded-host': HOST, 'x-forwarded-uri': URI },
  })
  nonce = { value: String(answer.headers.get('dpop-nonce')), at: performance.now() }
}

type Headers = Record<string, string>
/** A request that is let through, and which changes of a part of it leave it one. */
type Good = {
  target: string
  headers: Headers
  mayPass: Partial<Record<string, (changed: string, good: string) => boolean>>
}

const same = (changed: string, good: string) => changed === good
const anything = () => true
const asked: Headers = {
  'x-forwarded-host': HOST,
  'x-forwarded-uri': URI,
  'x-forwarded-method': 'GET',
  'x-forwarded-proto': 'https',
}
const sameTier = (target: string) => {
  const [path = ''] = target.split(/[?# ]/)
  return new RegExp(`^/v1/forward-auth/${TIER}(/|$)`).test(decoded(path))
}
const sameCredentials = (it: string, good: string) =>
  it.replace(/^\S+ +/, (scheme) => `${scheme.trim().toLowerCase()} `) ===
  good.replace(/^\S+/, (scheme) => scheme.toLowerCase())
const sameDevice = (target: string) => {
  const path = decoded(target.split(/[?# ]/)[0] ?? '')
  return [`/v1/devices/${client.deviceId}`, `/v1/devices/${client.deviceId}/attestation`].includes(path)
}
const forDpop = {
  // Who names none asks with that of the client, as Envoy does.
  'x-forwarded-method': (method: string) => method === '' || method === 'GET',
  target: sameTier,
  'x-forwarded-host': (host: string) => comparableUrl(`https://${host}${URI}`) === comparableUrl(ADDRESS),
  'x-forwarded-uri': (uri: string) => comparableUrl(`https://${HOST}${uri}`) === comparableUrl(ADDRESS),
  'x-forwarded-proto': (proto: string) => proto !== 'http',
  authorization: sameCredentials,
}

async function goods(): Promise<Good[]> {
  const dpop = await dpopProof(client.device, { url: ADDRESS, token: attestation, nonce: nonce.value, now: new Date() })
  const target = `/v1/forward-auth/${TIER}`
  return [
    {
      target,
      headers: { 'muster-gateway-key': key, ...asked, authorization: `DPoP ${attestation}`, dpop },
      mayPass: forDpop,
    },
    {
      target,
      headers: { 'muster-gateway-key': key, ...asked, cookie: `a=b; ${cookie}; c=d` },
      mayPass: {
        target: sameTier,
        cookie: (it) =>
          it
            .split(';')
            .filter((pair) => pair.trim().startsWith('__Host-muster-device='))
            .join() === ` ${cookie}`,
        'x-forwarded-host': (host) => new RegExp(`^${HOST}\\.?(:\\d+)?$`, 'i').test(host),
        'x-forwarded-uri': (uri) => uri === '' || /^\/\S*$/.test(uri),
        'x-forwarded-proto': anything,
        'x-forwarded-method': (method) => /^[a-z-]*$/i.test(method),
      },
    },
    {
      target,
      headers: { 'muster-gateway-key': vouching, ...asked, 'muster-device': client.deviceId },
      mayPass: {
        target: sameTier,
        'x-forwarded-host': anything,
        'x-forwarded-uri': (uri) => uri === '' || /^\/\S*$/.test(uri),
        'x-forwarded-proto': anything,
        'x-forwarded-method': (method) => /^[a-z-]*$/i.test(method),
      },
    },
    {
      // As Envoy asks.
      target: `${target}${URI}`,
      headers: { 'muster-gateway-key': key, authorization: `DPoP ${attestation}`, dpop },
      mayPass: {
        ...forDpop,
        target: (it) =>
          sameTier(it) && comparableUrl(`https://${HOST}${it.slice(target.length)}`) === comparableUrl(ADDRESS),
      },
    },
    {
      target: `/v1/devices/${client.deviceId}`,
      headers: { authorization: `Bearer ${key}` },
      mayPass: { target: sameDevice, authorization: sameCredentials },
    },
    {
      target: `/v1/devices/${client.deviceId}/attestation?aud=https%3A%2F%2Fwiki.example.com`,
      headers: { authorization: `Bearer ${key}` },
      mayPass: {
        target: sameDevice,
        authorization: sameCredentials,
      },
    },
  ]
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

type Answer = { status: number; text: string }

function send(target: string, headers: Headers): Promise<Answer> {
  const lines = [`GET ${target} HTTP/1.1`, `Host: ${HOST}`, 'Connection: close']
  const all = [...lines, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)]
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(collector.port, '127.0.0.1', () => socket.write(`${all.join('\r\n')}\r\n\r\n`))
    const done = () => resolve({ status: Number(text.split(' ')[1]), text })
    socket.setEncoding('utf8').on('data', (data: string) => (text += data))
    socket.on('end', done)
    socket.on('error', (error) => (text === '' ? reject(error) : done()))
  })
}

test(
  'whatever is changed of a question, it is refused as what it is, or is still right',
  { timeout: 180_000 },
  async () => {
    const wrong: unknown[] = []
    const counts = new Map<number, number>()
    const one = async (seed: number) => {
      const all = await goods()
      const good = all[seed % all.length]!
      const parts = ['target', ...Object.keys(good.headers)]
      const part = parts[Math.floor(seed / all.length) % parts.length]!
      const before = part === 'target' ? good.target : good.headers[part]!
      // A line break would only be a request that was broken off.
      const changed = mutated(before, seed).replace(/[\r\n]/g, ' ')
      const { status, text } = await (part === 'target'
        ? send(changed, good.headers)
        : send(good.target, { ...good.headers, [part]: changed }))
      counts.set(status, (counts.get(status) ?? 0) + 1)
      const isRefused = status >= 400 && status < 500 && /"code":"[a-z-]+"/.test(text)
      const isRight = (good.mayPass[part] ?? same)(changed.trim(), before)
      if (!isRefused && !(status === 200 && isRight)) wrong.push({ status, part, changed, text: text.slice(0, 300) })
      // What the client sends is in no answer.
      for (const secret of [key, vouching, cookie, attestation.slice(-80)])
        if (isRefused && text.includes(secret)) wrong.push({ part, changed, secret, text })
    }
    for (let from = 0; from < REQUESTS; from += AT_ONCE) {
      if (performance.now() - nonce.at > 20_000) await renewNonce()
      await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => one(from + index)))
    }
    expect(wrong.slice(0, 20)).toEqual([])
    // It was neither all refused nor all let through.
    expect([200, 400, 401, 403, 404].filter((status) => (counts.get(status) ?? 0) < 50)).toEqual([])
    expect(collector.logged.filter((line) => /"internal"|mgw_|__Host/.test(line))).toEqual([])
    // A proof is good once, so each of them is made anew.
    const count = (await goods()).length
    for (let index = 0; index < count; index++) {
      const { target, headers } = (await goods())[index]!
      expect((await send(target, headers)).status).toBe(200)
    }
  },
)
