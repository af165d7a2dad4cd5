import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { askRunning } from '../../collector/control-client.ts'
import type { TokenVerifier } from '../../shared/gateway-api.ts'
import { createVerifier } from '../../shared/gateway.ts'
import { statusAt, unpackStatusList } from '../../shared/status-list.ts'
import { connectedClient, enrolledClient, type Client, type Conversation } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { factsOf, healthyFacts, healthyValues } from '../fakes/facts.ts'

const PYTHON = '/usr/bin/python3'
const execute = promisify(execFile)
const hasJwcrypto = existsSync(PYTHON) && existsSync('/usr/lib/python3/dist-packages/jwcrypto')

let collector: TestCollector
let client: Client
let conversation: Conversation
/** A gateway that has just started, and so knows of nothing. */
let newVerifier: () => TokenVerifier

beforeEach(async () => {
  collector = await testCollector()
  client = await enrolledClient(await collector.enrollment())
  conversation = await connectedClient(client)
  const issuer = collector.issuerUrl
  newVerifier = () => createVerifier({ issuer, fetch: globalThis.fetch, clock: () => collector.clock.now })
})
afterEach(() => collector.close())

const now = () => collector.clock.now
const pass = (seconds: number) => (collector.clock.now = new Date(now().getTime() + seconds * 1000))
const healthy = async () => (await conversation.report(healthyFacts(now()), now())).attestation ?? ''
const unprotected = async () => {
  const facts = factsOf({ ...healthyValues(now()), 'endpoint-protection': { products: [] } }, now())
  return (await conversation.report(facts, now())).attestation ?? ''
}
const codeOf = async (token: string, verifier = newVerifier()) => {
  const verified = await verifier.verify(token)
  return verified.ok ? verified.attestation.tiers.at(-1) : verified.code
}
const uriOf = (token: string) =>
  (decodeJwt(token)['status'] as { status_list: { uri: string; idx: number } }).status_list

describe('a gateway that verifies offline', () => {
  test('accepts what the collector says, and sees the loss of a tier within a minute', async () => {
    const verifier = newVerifier()
    const before = await healthy()
    expect(await codeOf(before, verifier)).toBe('restricted')
    const after = await unprotected()
    expect(await codeOf(before)).toBe('tier-lost')
    expect(await codeOf(after)).toBe('internal')
    pass(60)
    expect(await codeOf(before, verifier)).toBe('tier-lost')

    // Whoever recovers gets an attestation with another entry; the old one stays what it was.
    const again = await healthy()
    expect(uriOf(again).idx).not.toBe(uriOf(before).idx)
    expect(await codeOf(again)).toBe('restricted')
    expect(await codeOf(before)).toBe('tier-lost')
  })

  test('sees at the next look that a device was locked out, and that it stays so for what was out', async () => {
    const token = await healthy()
    const folder = join(collector.folder, 'collector')
    await askRunning(folder, 'device-lock-out', { id: client.deviceId })
    expect(await codeOf(token)).toBe('device-revoked')
    await askRunning(folder, 'device-readmit', { id: client.deviceId })
    expect(await codeOf(token)).toBe('device-revoked')
  })

  test('sees that a device was removed, or that its key was copied', async () => {
    const token = await healthy()
    client.sequence = 0
    conversation.send({ type: 'evidence', jws: await conversation.evidence(healthyFacts(now()), {}, now()) })
    await conversation.closed
    expect(await codeOf(token)).toBe('device-revoked')

    const other = await enrolledClient(await collector.enrollment())
    const second = await (await connectedClient(other)).report(healthyFacts(now()), now())
    expect(await codeOf(second.attestation ?? '')).toBe('restricted')
    await collector.fleet.remove(other.deviceId)
    expect(await codeOf(second.attestation ?? '')).toBe('device-revoked')
  })

  test('takes evidence of a device for nothing', async () => {
    const evidence = await conversation.evidence(healthyFacts(now()), {}, now())
    expect(await codeOf(evidence)).toBe('key-unknown')
  })

  test('follows the keys of the collector from one to the next', async () => {
    const verifier = newVerifier()
    const first = await healthy()
    expect(await codeOf(first, verifier)).toBe('restricted')
    const next = await askRunning(join(collector.folder, 'collector'), 'key-rotate', {})
    const kids = new Set<unknown>()
    for (let minutes = 0; minutes < 40; minutes += 4) {
      const token = await healthy()
      kids.add(decodeProtectedHeader(token).kid)
      expect(await codeOf(token, verifier)).toBe('restricted')
      pass(240)
    }
    expect([...kids]).toEqual([decodeProtectedHeader(first).kid, next?.kid])
    const jwks = (await (await fetch(`${collector.issuerUrl}/.well-known/jwks.json`)).json()) as { keys: object[] }
    expect(jwks.keys).toMatchObject([{ kid: next?.kid }])
  })
})

const get = (path = '/1', headers: Record<string, string> = {}) =>
  fetch(`${collector.issuerUrl}/v1/status-lists${path}`, { headers })

describe('the list over HTTP', () => {
  test('is a signed token for anybody, which a browser may read and nobody may keep unasked', async () => {
    const { uri, idx } = uriOf(await healthy())
    const response = await fetch(uri)
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/statuslist+jwt',
      'cache-control': 'no-cache',
      'access-control-allow-origin': '*',
      etag: expect.stringMatching(/^"[\w-]{43}"$/),
    })
    const keys = createRemoteJWKSet(new URL(`${collector.issuerUrl}/.well-known/jwks.json`))
    const rules = { typ: 'statuslist+jwt', subject: uri, algorithms: ['ES256'], currentDate: now() }
    const { payload } = await jwtVerify(await response.text(), keys, rules)
    expect(payload).toEqual({
      sub: uri,
      iat: Math.floor(now().getTime() / 1000),
      exp: Math.floor(now().getTime() / 1000) + 600,
      ttl: 60,
      status_list: { bits: 2, lst: expect.any(String) },
    })
    const list = unpackStatusList(payload['status_list'])
    expect(list.ok && [list.value.bytes.length, statusAt(list.value, idx)]).toEqual([2 ** 18, 0])
  })

  test('is answered with 304 to who has it, until something changes', async () => {
    await healthy()
    const etag = (await get()).headers.get('etag') ?? ''
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const response = await get('/1', { 'if-none-match': known })
      expect([known, response.status, await response.text()]).toEqual([known, 304, ''])
      expect(response.headers.get('etag')).toBe(etag)
    }
    expect((await get('/1', { 'if-none-match': '"other"' })).status).toBe(200)
    await unprotected()
    const changed = await get('/1', { 'if-none-match': etag })
    expect(changed.status).toBe(200)
    expect(changed.headers.get('etag')).not.toBe(etag)
  })

  test.each([
    { name: 'a list that is not there', path: '/2', status: 404, code: 'status-list-unknown' },
    { name: 'no number', path: '/one', status: 404, code: 'status-list-unknown' },
    { name: 'no list', path: '/0', status: 404, code: 'status-list-unknown' },
    { name: 'a number that is none', path: '/1e0', status: 404, code: 'status-list-unknown' },
    { name: 'a number beyond all lists', path: `/${'9'.repeat(250)}`, status: 404, code: 'status-list-unknown' },
    { name: 'a list of the past', path: '/1?time=1686925000', status: 501, code: 'request-invalid' },
    {
      name: 'a form that we do not have',
      path: '/1',
      accept: 'application/statuslist+cwt',
      status: 406,
      code: 'request-invalid',
    },
  ])('is refused for $name', async ({ path, accept = '*/*', status, code }) => {
    const response = await get(path, { accept })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ code })
  })

  test.each(['application/statuslist+jwt', 'application/*', '*/*', 'application/statuslist+cwt, */*;q=0.1'])(
    'is given to who accepts %s',
    async (accept) => {
      const response = await get('/1', { accept })
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/statuslist+jwt'])
      await response.text()
    },
  )

  test('is named in the list of all lists', async () => {
    const response = await get('')
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(await response.json()).toEqual({ status_lists: [`${collector.issuerUrl}/v1/status-lists/1`] })
  })
})

describe('the programs of docs/attestation.md', () => {
  const document = readFileSync(join(import.meta.dirname, '../../docs/attestation.md'), 'utf8')
  const programs = [...document.matchAll(/^```(js|python)\n(.*?)^```/gms)].map(([, language = '', code = '']) => ({
    language,
    code,
    name: /createVerifier|createLocalJWKSet|urllib/.exec(code)?.[0] ?? 'check_claims',
  }))
  let folder: string
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'muster-programs-'))))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** Runs one as the document has it, but for where its imports and the collector are. */
  async function run({ language, code }: (typeof programs)[number], token: string): Promise<string> {
    const text = code
      .replaceAll('http://127.0.0.1:7451', collector.issuerUrl)
      .replace("'jose'", `'${import.meta.resolve('jose')}'`)
      .replace("'muster/gateway'", `'${import.meta.resolve('muster/gateway')}'`)
    const file = join(folder, language === 'js' ? 'program.mjs' : 'program.py')
    writeFileSync(file, text)
    writeFileSync(join(folder, 'attestation.jwt'), `${token}\n`)
    writeFileSync(join(folder, 'jwks.json'), await (await fetch(`${collector.issuerUrl}/.well-known/jwks.json`)).text())
    // Without blocking: the collector that it asks lives in this process.
    const { stdout, stderr } = await execute(language === 'js' ? process.execPath : PYTHON, [file], { cwd: folder })
    expect(stderr).toBe('')
    return stdout.trim()
  }

  test('are four', () => {
    const names = ['createVerifier', 'createLocalJWKSet', 'check_claims', 'urllib']
    expect(programs.map(({ name }) => name)).toEqual(names)
  })

  for (const program of programs) {
    const isPossible = program.language === 'js' || hasJwcrypto
    test.skipIf(!isPossible)(
      `${program.language}, ${program.name}: it says what is true (python3-jwcrypto)`,
      async () => {
        const [before, after] = [await healthy(), await unprotected()]
        const said = [await run(program, before), await run(program, after)]
        const plain = [tiersIn('public', 'internal', 'confidential', 'restricted'), tiersIn('public', 'internal')]
        const expected = { createVerifier: [/^tier-lost /, plain[1]], urllib: [/^2$/, /^0$/] }[program.name] ?? plain
        expect(said).toEqual(expected.map((it) => expect.stringMatching(it ?? '')))
      },
    )
  }
})

const tiersIn = (...names: string[]) =>
  new RegExp(`^${client.deviceId} \\[ ?${names.map((it) => `'${it}'`).join(', ')} ?\\]$`)
