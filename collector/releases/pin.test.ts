import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { parsePin, requirePinned, type Pin } from './pin.ts'

const CONTENT = Buffer.from('date: 2026-11-01\n')
const digest = createHash('sha256').update(CONTENT).digest()
const ed25519 = generateKeyPairSync('ed25519')
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const spki = (pair: typeof ed25519) => pair.publicKey.export({ type: 'spki', format: 'der' })

function pinOf(text: string): Pin {
  const pin = parsePin(text)
  if (!pin.ok) throw new Error(pin.problem)
  return pin.value
}

const isAccepted = (pin: Pin, content: Uint8Array, signature: string | null = null) => {
  try {
    requirePinned(pin, content, signature)
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'releases-unverified' })
    return false
  }
}

describe('a checksum', () => {
  test.each([
    ['in digits', digest.toString('hex')],
    ['in capital digits', digest.toString('hex').toUpperCase()],
    ['in base64url', digest.toString('base64url')],
    ['in base64', digest.toString('base64')],
  ])('%s admits its content and no other', (_name, text) => {
    const pin = pinOf(`sha256=${text}`)
    expect(isAccepted(pin, CONTENT)).toBe(true)
    expect(isAccepted(pin, Buffer.concat([CONTENT, Buffer.from(' ')]))).toBe(false)
    expect(isAccepted(pin, Buffer.alloc(0))).toBe(false)
  })
})

describe('a key', () => {
  const forms: [name: string, pin: Pin, signature: Buffer][] = [
    ['Ed25519', pinOf(`key=${spki(ed25519).toString('base64url')}`), sign(null, CONTENT, ed25519.privateKey)],
    ['P-256', pinOf(`key=${spki(p256).toString('base64url')}`), sign('sha256', CONTENT, p256.privateKey)],
    [
      'P-256, r and s',
      pinOf(`key=${spki(p256).toString('base64')}`),
      sign('sha256', CONTENT, { key: p256.privateKey, dsaEncoding: 'ieee-p1363' }),
    ],
  ]

  test.each(forms)('of %s admits what it signed and nothing else', (_name, pin, signature) => {
    const text = signature.toString('base64')
    expect(isAccepted(pin, CONTENT, text)).toBe(true)
    expect(isAccepted(pin, CONTENT, `${text.slice(0, 40)}\r\n${text.slice(40)}\n`)).toBe(true)
    expect(isAccepted(pin, Buffer.from('date: 2026-11-02\n'), text)).toBe(false)
    const damaged = Buffer.from(signature)
    damaged[40] = (damaged[40] ?? 0) ^ 1
    expect(isAccepted(pin, CONTENT, damaged.toString('base64'))).toBe(false)
  })

  test.each([
    ['nothing', null],
    ['an empty text', ''],
    ['a web page', '<html></html>'],
    ['another length', Buffer.alloc(10).toString('base64')],
    ['zeros', Buffer.alloc(64).toString('base64')],
    ['a signature of another key', sign(null, CONTENT, generateKeyPairSync('ed25519').privateKey).toString('base64')],
  ])('does not admit %s for a signature', (_name, signature) => {
    for (const [, pin] of forms) expect(isAccepted(pin, CONTENT, signature)).toBe(false)
  })
})

test.each([
  ['nothing', ''],
  ['another kind', `sha512=${'0'.repeat(128)}`],
  ['no value', 'sha256='],
  ['a checksum that is too short', `sha256=${'0'.repeat(63)}`],
  ['a checksum that is too long', `sha256=${'0'.repeat(65)}`],
  ['letters that are none of base64', 'sha256=!!!'],
  ['a key that is none', 'key=AAAA'],
  ['a private key', `key=${ed25519.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64url')}`],
  [
    'a key of RSA',
    `key=${generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'der' }).toString('base64url')}`,
  ],
  [
    'a key of another curve',
    `key=${generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'der' }).toString('base64url')}`,
  ],
])('%s is no pin', (_name, text) => {
  expect(parsePin(text)).toMatchObject({ ok: false })
})
