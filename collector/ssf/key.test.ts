import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { calculateJwkThumbprint, createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fakeClock, type FakeClock } from '../../test/fakes/clock.ts'
import { openSetSigner, type SetSigner } from './key.ts'

const DAY = 86_400
let folder: string
let file: string
let former: string
let clock: FakeClock
let changes: string[]
let errors: unknown[]
const opened: SetSigner[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-event-key-'))
  file = join(folder, 'event-keys.json')
  former = join(folder, 'event-key.pem')
  clock = fakeClock(new Date('2026-11-25T08:00:00Z'))
  changes = []
  errors = []
})
afterEach(() => {
  for (const signer of opened.splice(0)) signer.close()
  rmSync(folder, { recursive: true })
})

function open(keyDays = 90): SetSigner {
  const signer = openSetSigner({
    folder,
    keyDays,
    clock,
    onError: (error) => void errors.push(error),
    onChange: (keys) => void changes.push(keys.map(({ state }) => state).join()),
  })
  opened.push(signer)
  return signer
}

const kids = async (signer: SetSigner) => (await signer.jwks()).keys.map(({ kid }) => kid)
const signerOf = async (signer: SetSigner) => decodeProtectedHeader(await signer.sign('{"a":1}')).kid

test('what is signed verifies by the published key, and by the same after a restart', async () => {
  const signer = open()
  expect(existsSync(file)).toBe(false)
  // Whoever asks first at the same time has one key made, not two.
  const [jws, jwks] = await Promise.all([signer.sign('{"a":1}'), signer.jwks()])
  const { payload, protectedHeader } = await jwtVerify(jws, createLocalJWKSet(jwks))
  expect([payload, protectedHeader]).toEqual([{ a: 1 }, { alg: 'RS256', typ: 'secevent+jwt', kid: jwks.keys[0]!.kid }])
  expect(await calculateJwkThumbprint(jwks.keys[0]!)).toBe(jwks.keys[0]!.kid)
  expect(Buffer.from(jwks.keys[0]!.n, 'base64url')).toHaveLength(256)
  expect(Object.keys(jwks.keys[0]!).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const again = open()
  expect(await again.jwks()).toEqual(jwks)
  expect(await again.sign('{"a":1}')).toBe(jws)
})

describe('a key gets a successor', () => {
  test('that is published before it signs, and the old one is kept for a day, also over a restart', async () => {
    let signer = open()
    const [first] = await kids(signer)
    const jws = await signer.sign('{"a":1}')
    clock.pass(90 * DAY - 1)
    expect(await kids(signer)).toEqual([first])
    clock.pass(1)
    const [, second] = await kids(signer)
    expect(await signerOf(signer)).toBe(first)
    clock.pass(899)
    signer = open()
    expect([await kids(signer), await signerOf(signer)]).toEqual([[first, second], first])
    clock.pass(1)
    expect(await signerOf(signer)).toBe(second)
    clock.pass(DAY - 1)
    await jwtVerify(jws, createLocalJWKSet(await signer.jwks()))
    clock.pass(1)
    expect([await kids(signer), await signerOf(signer)]).toEqual([[second], second])
    expect(changes).toEqual(['active,next', 'retired,active', 'active'])
    clock.set(-400 * DAY)
    expect([await kids(signer), await signerOf(open())]).toEqual([[second], second])
  })

  test('never, where that is wished', async () => {
    const signer = open(0)
    const [first] = await kids(signer)
    clock.pass(1000 * DAY)
    expect(await kids(signer)).toEqual([first])
  })

  test('a later time, where it cannot be written; the one of before signs on', async () => {
    const signer = open()
    const [first] = await kids(signer)
    mkdirSync(`${file}.new`)
    clock.pass(91 * DAY)
    expect([await kids(signer), await signerOf(signer)]).toEqual([[first], first])
    expect(errors).toEqual([expect.objectContaining({ code: 'store-unavailable' })])
    rmSync(`${file}.new`, { recursive: true })
    clock.pass(60)
    expect(await kids(signer)).toHaveLength(2)
  })
})

test('a key that others can read is not used', async () => {
  await open().jwks()
  chmodSync(file, 0o640)
  expect(() => open()).toThrow(expect.objectContaining({ code: 'config-invalid' }))
})

const pemOf = (key: { export(options: { type: 'pkcs8'; format: 'pem' }): string | Buffer }) =>
  String(key.export({ type: 'pkcs8', format: 'pem' }))
const rsa = (modulusLength = 2048) => pemOf(generateKeyPairSync('rsa', { modulusLength }).privateKey)

test('the one key of an earlier release is taken over, and does not come back', async () => {
  const pem = rsa()
  writeFileSync(former, pem, { mode: 0o600 })
  const [first] = await kids(open())
  expect(existsSync(former)).toBe(false)
  expect(await kids(open())).toEqual([first])
  // As after a power cut between the two.
  writeFileSync(former, pem, { mode: 0o600 })
  expect(await kids(open())).toEqual([first])
  expect(existsSync(former)).toBe(false)
})

const BAD: [what: string, content: () => string][] = [
  ['nothing', () => ''],
  ['garbage', () => 'garbage'],
  ['half of a key', () => rsa().slice(0, 900)],
  ['an RSA key that is too short', () => rsa(1024)],
  ['a key of another kind', () => pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)],
]
const since = '2026-11-25T08:00:00.000Z'
const fileOf = (...keys: [state: string, pem: string][]) =>
  JSON.stringify({ version: 1, keys: keys.map(([state, pem]) => ({ state, since, pem })) })
test.each<readonly [what: string, name: string, content: () => string]>([
  ...BAD.map(([what, content]) => [`an earlier key that is ${what}`, 'event-key.pem', content] as const),
  ...BAD.map(([what, content]) => [what, 'event-keys.json', () => fileOf(['active', content()])] as const),
  ['no JSON', 'event-keys.json', () => 'garbage'],
  ['no key', 'event-keys.json', () => fileOf()],
  ['none that is active', 'event-keys.json', () => fileOf(['next', rsa()])],
  ['two that are active', 'event-keys.json', () => fileOf(['active', rsa()], ['active', rsa()])],
])('a file with %s is refused, and stays as it is', (_what, name, content) => {
  const path = join(folder, name)
  writeFileSync(path, content(), { mode: 0o600 })
  const before = readFileSync(path, 'utf8')
  expect(() => open()).toThrow(expect.objectContaining({ code: 'config-invalid' }))
  expect(readFileSync(path, 'utf8')).toBe(before)
})
