import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { thumbprint } from '../shared/jws.ts'
import { chance } from '../test/fakes/chance.ts'
import { fakeClock, type FakeClock } from '../test/fakes/clock.ts'
import { fakeDevice } from '../test/fakes/device.ts'
import { issuerOf, openIssuer, type Issuer, type IssuerOptions } from './issuer.ts'
import type { AttestationClaims } from './protocol/claims.ts'
import { JWKS_SECONDS, PUBLISHED_SECONDS } from './protocol/key-plan.ts'

const START = new Date('2026-11-24T08:00:00Z')
const DAY = 86_400
/** The bits of a mode that let others in; Windows has none of them. */
const OTHERS = process.platform === 'win32' ? 0 : 0o077

let folder: string
let clock: FakeClock
let errors: unknown[]
let opened: Issuer[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-keys-'))
  clock = fakeClock(START)
  errors = []
  opened = []
})
afterEach(() => {
  for (const issuer of opened) issuer.close()
  chmodSync(folder, 0o700)
  rmSync(folder, { recursive: true, force: true })
})

function open(more: Partial<IssuerOptions> = {}): Issuer {
  const issuer = openIssuer({ folder, keyDays: 90, clock, onError: (error) => errors.push(error), ...more })
  opened.push(issuer)
  return issuer
}

const file = () => join(folder, 'attestation-keys.json')
const former = () => join(folder, 'attestation-key.pem')
const states = (issuer: Issuer) => issuer.keys().map(({ state }) => state)
const published = (issuer: Issuer) => issuer.jwks().keys.map(({ kid }) => kid)

/** A token, and by which key it was signed. Only its signature counts here. */
async function signed(issuer: Issuer): Promise<{ token: string; kid: string }> {
  const token = await issuer.attest({ sub: 'dev_1' } as AttestationClaims)
  return { token, kid: String(decodeProtectedHeader(token).kid) }
}

function privatePem(type: 'ec' | 'rsa' = 'ec', namedCurve = 'P-256'): string {
  const { privateKey } =
    type === 'ec' ? generateKeyPairSync('ec', { namedCurve }) : generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' })
}

async function cannotBeWritten(issuer: Issuer, mend: () => void): Promise<void> {
  expect(states(issuer)).toEqual(['active'])
  clock.pass(DAY)
  expect(states(issuer)).toEqual(['active'])
  await signed(issuer)
  expect(errors.length).toBe(1)
  mend()
  clock.pass(60)
  expect(states(issuer)).toEqual(['active', 'next'])
  expect(errors.length).toBe(1)
}

describe('a new folder', () => {
  test('gets one active key, in a file for its owner alone, and the same after a restart', async () => {
    const issuer = open()
    const { token, kid } = await signed(issuer)
    expect(issuer.keys()).toEqual([{ kid, state: 'active', since: START, until: null }])
    expect(published(open())).toEqual([kid])
    expect(statSync(file()).mode & OTHERS).toBe(0)
    const { protectedHeader } = await jwtVerify(token, createLocalJWKSet(issuer.jwks()))
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'eat+jwt', kid })
  })

  test('signs status lists as what they are', async () => {
    const status_list = { bits: 2 as const, lst: 'eNrbuRgAAhcBXQ' }
    const token = await open().statusList({ sub: 'https://c.example/1', iat: 1, exp: 2, ttl: 60, status_list })
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'ES256', typ: 'statuslist+jwt' })
  })

  test('publishes public parts and nothing else', () => {
    const text = JSON.stringify(open().jwks())
    const keys = (JSON.parse(readFileSync(file(), 'utf8')) as { keys: { key: { d: string } }[] }).keys
    expect(keys.map(({ key }) => key.d.length)).toEqual([43])
    for (const { key } of keys) expect(text).not.toContain(key.d)
    expect(JSON.parse(text)).toEqual({
      keys: [
        {
          kty: 'EC',
          crv: 'P-256',
          x: expect.any(String),
          y: expect.any(String),
          kid: expect.any(String),
          alg: 'ES256',
          use: 'sig',
        },
      ],
    })
  })
})

describe('the only key of an older release', () => {
  test('is taken over and its file removed, so that it does not come back when the new one is', async () => {
    writeFileSync(former(), privatePem(), { mode: 0o600 })
    const kid = published(open())[0]
    expect(existsSync(former())).toBe(false)
    expect(published(open())).toEqual([kid])
    rmSync(file())
    expect(published(open())).not.toContain(kid)
  })

  test('is removed also where the process was killed between the two', () => {
    const pem = privatePem()
    writeFileSync(former(), pem, { mode: 0o600 })
    const kids = published(open())
    writeFileSync(former(), pem, { mode: 0o600 })
    expect(published(open())).toEqual(kids)
    expect(existsSync(former())).toBe(false)
  })

  test('that is another than those of the folder is left alone', () => {
    const kids = published(open())
    writeFileSync(former(), privatePem(), { mode: 0o600 })
    expect(published(open())).toEqual(kids)
    expect(existsSync(former())).toBe(true)
  })
})

/** What the file of a new folder says. */
const active = () => {
  open().close()
  return JSON.parse(readFileSync(file(), 'utf8')) as { version: number; keys: Record<string, unknown>[] }
}

/** Gives a key the private part of another. */
function mixed(entry: Record<string, unknown>, more: object = {}): void {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { d } = privateKey.export({ format: 'jwk' })
  entry['key'] = { ...(entry['key'] as object), d, ...more }
}

/** Writes the file with something about it changed. */
const other = (change: (content: ReturnType<typeof active>) => unknown) => {
  const content = active()
  change(content)
  writeFileSync(file(), JSON.stringify(content), { mode: 0o600 })
}

describe('keys that cannot be used as they are stop the start:', () => {
  test.skipIf(process.platform === 'win32').each(['attestation-keys.json', 'attestation-key.pem'])(
    '%s that others can read',
    (name) => {
      writeFileSync(join(folder, name), privatePem(), { mode: 0o600 })
      chmodSync(join(folder, name), 0o640)
      expect(() => open()).toThrow(/can be read by others; run: chmod 600/)
    },
  )

  test.each<[name: string, make: () => void]>([
    ['a file that is empty', () => writeFileSync(file(), '', { mode: 0o600 })],
    ['a file cut short', () => writeFileSync(file(), JSON.stringify(active()).slice(0, -40), { mode: 0o600 })],
    ['no key', () => other((content) => (content.keys = []))],
    ['no active key', () => other(({ keys: [key] }) => Object.assign(key!, { state: 'next' }))],
    ['two active keys', () => other(({ keys }) => keys.push(keys[0]!))],
    ['a version of the future', () => other((content) => (content.version = 2))],
    ['a key whose parts do not belong together', () => other(({ keys: [key] }) => mixed(key!))],
    ['a key that is no point of the curve', () => other(({ keys: [key] }) => mixed(key!, { y: 'A'.repeat(43) }))],
    ['an RSA key', () => writeFileSync(former(), privatePem('rsa'), { mode: 0o600 })],
    ['a key of another curve', () => writeFileSync(former(), privatePem('ec', 'P-384'), { mode: 0o600 })],
    ['no key at all', () => writeFileSync(former(), 'no key', { mode: 0o600 })],
  ])('%s', (_name, make) => {
    make()
    expect(() => open()).toThrow(expect.objectContaining({ code: 'config-invalid' }))
  })

  test('a folder that cannot be read', () => {
    mkdirSync(file(), { mode: 0o700 })
    expect(() => open()).toThrow(/EISDIR/)
  })
})

describe('a rotation', () => {
  test('publishes at once, says when the key takes over, and signs with it from then on', async () => {
    const issuer = open()
    const { kid: first } = await signed(issuer)
    const next = await issuer.rotate()
    expect(next).toEqual({
      kid: expect.any(String),
      state: 'next',
      since: START,
      until: new Date(START.getTime() + PUBLISHED_SECONDS * 1000),
    })
    expect(published(issuer)).toEqual([first, next.kid])
    clock.pass(PUBLISHED_SECONDS - 1)
    expect((await signed(issuer)).kid).toBe(first)
    clock.pass(1)
    expect((await signed(issuer)).kid).toBe(next.kid)
    expect(states(issuer)).toEqual(['retired', 'active'])
    clock.pass(1199)
    expect(published(issuer)).toEqual([first, next.kid])
    clock.pass(1)
    expect(published(issuer)).toEqual([next.kid])
  })

  test('that is asked for twice is one', async () => {
    const issuer = open()
    const next = await issuer.rotate()
    clock.pass(60)
    expect(await issuer.rotate()).toEqual(next)
    expect(states(issuer)).toEqual(['active', 'next'])
  })

  test('comes by itself after the days of the setting', () => {
    const issuer = open({ keyDays: 2 })
    clock.pass(2 * DAY - 1)
    expect(states(issuer)).toEqual(['active'])
    clock.pass(1)
    expect(states(issuer)).toEqual(['active', 'next'])
  })

  test('never comes by itself where the setting is 0', () => {
    const issuer = open({ keyDays: 0 })
    clock.pass(4000 * DAY)
    expect(states(issuer)).toEqual(['active'])
  })

  test('goes on after a restart in any of its states', async () => {
    const { kid: first } = await signed(open())
    const next = await open().rotate()
    clock.pass(60)
    expect(open().keys()).toMatchObject([{ kid: first, state: 'active' }, next])
    clock.pass(PUBLISHED_SECONDS)
    expect(states(open())).toEqual(['retired', 'active'])
    expect((await signed(open())).kid).toBe(next.kid)
    clock.pass(1200)
    expect(published(open())).toEqual([next.kid])
  })

  test('waits for time that goes by, whatever the clock is set to', async () => {
    const issuer = open()
    await issuer.rotate()
    clock.set(DAY)
    expect(states(issuer)).toEqual(['active', 'next'])
    clock.pass(PUBLISHED_SECONDS)
    expect(states(issuer)).toEqual(['retired', 'active'])
    clock.set(-2 * DAY)
    clock.pass(1199)
    expect(states(issuer)).toEqual(['retired', 'active'])
    clock.pass(1)
    expect(states(issuer)).toEqual(['active'])
  })

  test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'that cannot be written changes nothing, and is tried again (skipped for root, who can write anywhere)',
    async () => {
      const issuer = open({ keyDays: 1 })
      chmodSync(folder, 0o500)
      await expect(issuer.rotate()).rejects.toThrow(/cannot be written/)
      await cannotBeWritten(issuer, () => chmodSync(folder, 0o700))
    },
  )

  test('that meets a full disk changes nothing, and is tried again', async () => {
    const issuer = open({ keyDays: 1 })
    // A folder where the new file would be written stands for a disk that takes nothing.
    mkdirSync(`${file()}.new`)
    await expect(issuer.rotate()).rejects.toThrow(expect.objectContaining({ code: 'store-unavailable' }))
    await cannotBeWritten(issuer, () => rmSync(`${file()}.new`, { recursive: true }))
  })
})

/** The real thing, files and restarts included; `key-plan.test.ts` looks at a year minute by minute. */
test('over a year of rotations and restarts a verifier with cached keys knows the key of every token', async () => {
  const chances = chance(7)
  let issuer = open({ keyDays: 20 })
  let fetched = -Infinity
  let cached = createLocalJWKSet(issuer.jwks())
  let seconds = 0
  const seen = new Set<string>()
  while (seconds < 365 * DAY) {
    if (seconds - fetched >= JWKS_SECONDS) {
      fetched = seconds
      cached = createLocalJWKSet(issuer.jwks())
    }
    const { token, kid } = await signed(issuer)
    seen.add(kid)
    await expect(jwtVerify(token, cached)).resolves.toBeDefined()
    if (chances.oneIn(200)) await issuer.rotate()
    if (chances.oneIn(20)) {
      issuer.close()
      issuer = open({ keyDays: 20 })
    }
    // Close together while something is under way, and hours apart otherwise.
    const step = states(issuer).length > 1 ? 20 + chances.below(100) : chances.below(DAY / 2)
    clock.pass(step)
    seconds += step
  }
  expect(seen.size).toBeGreaterThan(15)
  expect(errors).toEqual([])
})

test('an issuer over a key that is kept elsewhere signs with it, and cannot replace it', async () => {
  const device = fakeDevice('https://collector.example')
  const issuer = issuerOf(device)
  const { kid, token } = await signed(issuer)
  expect(kid).toBe(thumbprint(device.jwk))
  await expect(jwtVerify(token, createLocalJWKSet(issuer.jwks()))).resolves.toBeDefined()
  expect(states(issuer)).toEqual(['active'])
  await expect(issuer.rotate()).rejects.toThrow(/kept elsewhere/)
  issuer.close()
})
