import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isSignedBy, parseJws, publicKeyOf, signJws } from '../../shared/jws.ts'
import { createSoftwareKey, openSoftwareKey } from './software.ts'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-key-'))
  path = join(folder, 'key.pem')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a key signs what its public half verifies, and is the same after it is opened again', async () => {
  const key = await createSoftwareKey(path)
  expect(key.id).toMatch(/^dev_[A-Za-z0-9_-]{43}$/)
  expect(key.protection).toBe('software')
  const again = await openSoftwareKey(path)
  expect(again?.id).toBe(key.id)

  const jws = parseJws(await signJws({ typ: 'muster-session+jwt' }, { a: 1 }, key.sign), 'muster-session+jwt')
  const publicKey = publicKeyOf(key.jwk)!
  expect(jws.ok && isSignedBy(jws.value, publicKey)).toBe(true)
  const signature = await key.sign(Buffer.from('text'))
  const verifier = {
    key: createPublicKey({ key: key.jwk, format: 'jwk' as const }),
    dsaEncoding: 'ieee-p1363' as const,
  }
  expect(verify('sha256', Buffer.from('text'), verifier, signature)).toBe(true)
})

test('only the owner can read the file, and nothing else is left behind', async () => {
  await createSoftwareKey(path)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['key.pem'])
})

test('nothing of the private half is in what the key shows', async () => {
  const key = await createSoftwareKey(path)
  expect(Object.keys(key.jwk).toSorted()).toEqual(['crv', 'kty', 'x', 'y'])
})

test('there is no key where there is no file', async () => {
  expect(await openSoftwareKey(path)).toBeNull()
})

for (const mode of [0o640, 0o604, 0o660, 0o644, 0o610]) {
  test.skipIf(process.platform === 'win32')(
    `a key with mode ${mode.toString(8)} is refused, with the way out`,
    async () => {
      await createSoftwareKey(path)
      chmodSync(path, mode)
      await expect(openSoftwareKey(path)).rejects.toThrow(`chmod 600 ${path}`)
    },
  )
}

const ec384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ type: 'pkcs8', format: 'pem' })
const ed = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
const DAMAGED = [
  { name: 'nothing', content: '' },
  { name: 'garbage', content: 'not a key' },
  { name: 'half a key', content: '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49' },
  { name: 'a key of another curve', content: ec384 },
  { name: 'a key of another kind', content: ed },
]
for (const { name, content } of DAMAGED) {
  test(`a file with ${name} in it is refused, with the way out`, async () => {
    writeFileSync(path, content, { mode: 0o600 })
    await expect(openSoftwareKey(path)).rejects.toMatchObject({ code: 'agent-state-damaged' })
  })
}
