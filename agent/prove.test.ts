import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { fakeDevice } from '../test/fakes/device.ts'
import { signJws } from '../shared/jws.ts'
import { proveRequest } from './prove.ts'

const NOW = new Date('2026-11-25T10:00:00Z')
const device = fakeDevice('https://collector.example')
const key = { ...device, protection: 'software' as const }
const request = { method: 'GET', url: 'https://wiki.example.com/a?b', nonce: 'n-1' }

/** Until so many seconds after now. */
const attestation = (seconds: number) =>
  signJws({ typ: 'eat+jwt', kid: 'k' }, { exp: NOW.getTime() / 1000 + seconds }, device.sign)

describe('a request is proved', () => {
  test('with the newest attestation, and with a proof of its own', async () => {
    const token = await attestation(600)
    const proof = await proveRequest(request, { attestation: token, key, jti: 'j'.repeat(22), now: NOW })
    expect(proof.authorization).toBe(`DPoP ${token}`)
    expect(decodeJwt(proof.dpop)).toMatchObject({
      htm: 'GET',
      htu: 'https://wiki.example.com/a',
      nonce: 'n-1',
      jti: 'j'.repeat(22),
      iat: NOW.getTime() / 1000,
    })
  })

  test.each<[string, () => Promise<string> | null]>([
    ['none yet', () => null],
    ['one that is over', () => attestation(0)],
    ['one that does not say when it ends', () => signJws({ typ: 'eat+jwt', kid: 'k' }, {}, device.sign)],
    ['something else', async () => 'x'],
  ])('by nobody who has %s', async (_name, given) => {
    const proving = { attestation: await given(), key, jti: 'j', now: NOW }
    await expect(proveRequest(request, proving)).rejects.toMatchObject({ code: 'stale' })
  })
})
