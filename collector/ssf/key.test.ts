import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { calculateJwkThumbprint, createLocalJWKSet, jwtVerify } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSetSigner } from './key.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-event-key-'))
  file = join(folder, 'event-key.pem')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('what is signed verifies by the published key, and by the same after a restart', async () => {
  const signer = openSetSigner(file)
  expect(existsSync(file)).toBe(false)
  // Whoever asks first at the same time has one key made, not two.
  const [jws, jwks] = await Promise.all([signer.sign('{"a":1}'), signer.jwks()])
  const { payload, protectedHeader } = await jwtVerify(jws, createLocalJWKSet(jwks))
  expect([payload, protectedHeader]).toEqual([{ a: 1 }, { alg: 'RS256', typ: 'secevent+jwt', kid: jwks.keys[0]!.kid }])
  expect(await calculateJwkThumbprint(jwks.keys[0]!)).toBe(jwks.keys[0]!.kid)
  expect(Buffer.from(jwks.keys[0]!.n, 'base64url')).toHaveLength(256)
  expect(Object.keys(jwks.keys[0]!).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const again = openSetSigner(file)
  expect(await again.jwks()).toEqual(jwks)
  expect(await again.sign('{"a":1}')).toBe(jws)
})

test('a key that others can read is not used', async () => {
  await openSetSigner(file).jwks()
  chmodSync(file, 0o640)
  expect(() => openSetSigner(file)).toThrow(expect.objectContaining({ code: 'config-invalid' }))
})

const pemOf = (key: { export(options: { type: 'pkcs8'; format: 'pem' }): string | Buffer }) =>
  key.export({ type: 'pkcs8', format: 'pem' })
test.each([
  ['nothing', () => ''],
  ['garbage', () => 'garbage'],
  ['half of a key', () => pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey).slice(0, 900)],
  ['an RSA key that is too short', () => pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey)],
  ['a key of another kind', () => pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)],
])('a file with %s is refused, and stays as it is', (_what, content) => {
  writeFileSync(file, content(), { mode: 0o600 })
  const before = readFileSync(file, 'utf8')
  expect(() => openSetSigner(file)).toThrow(expect.objectContaining({ code: 'config-invalid' }))
  expect(readFileSync(file, 'utf8')).toBe(before)
})
