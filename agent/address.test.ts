import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MusterError } from '../shared/errors.ts'
import { WebSocketServer } from 'ws'
import { isLoopback, requireSafe } from './address.ts'
import { openConnection } from './connection.ts'
import { request } from './request.ts'

describe('loopback', () => {
  const cases: [string, boolean][] = [
    ['http://127.0.0.1:7400', true],
    ['http://127.8.9.10', true],
    ['http://localhost:7400', true],
    ['http://[::1]:7400', true],
    ['http://10.0.0.1', false],
    ['http://muster.example.com', false],
    ['http://localhost.example.com', false],
    ['http://127.0.0.1.example.com', false],
    ['http://0.0.0.0', false],
    ['http://[::]', false],
  ]
  for (const [url, expected] of cases) {
    test(`${url}: ${expected}`, () => {
      expect(isLoopback(url)).toBe(expected)
      expect(refusal(url)).toBe(expected ? null : 'address-not-encrypted')
    })
  }

  test('https is safe anywhere, and plain HTTP is refused before anything is sent', async () => {
    requireSafe({ url: 'https://muster.example.com' })
    await expect(request({ url: 'http://192.0.2.1' }, { method: 'POST', path: '/' })).rejects.toMatchObject({
      code: 'address-not-encrypted',
    })
    const events = { opened() {}, text() {}, closed() {} }
    expect(() => openConnection({ url: 'http://192.0.2.1' }, '1', events)).toThrow(
      expect.objectContaining({ code: 'address-not-encrypted' }),
    )
  })
})

describe('a certificate that no public authority has signed', () => {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  let server: Server
  let url = ''
  let requests = 0

  beforeEach(async () => {
    const key = own.privateKey.export({ type: 'pkcs8', format: 'pem' })
    requests = 0
    server = createServer({ key, cert: selfSigned(own) }, (_request, response) => {
      requests += 1
      response.writeHead(200, { date: 'Mon, 04 May 2026 10:00:00 GMT' }).end('{}')
    })
    new WebSocketServer({ server, handleProtocols: () => 'muster.v1' }).on('connection', (socket) =>
      socket.send('hello'),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  /** The first text of a WebSocket, or why there is none. */
  function firstText(pin: string | undefined): Promise<string> {
    return new Promise((resolve) => {
      const connection = openConnection({ url, pin }, '1', {
        opened: () => undefined,
        text: (json) => {
          resolve(json)
          connection.close('agent-stopping')
        },
        closed: ({ why }) => resolve(why),
      })
    })
  }

  test('is known by its pin', async () => {
    const address = { url, pin: pinOf(own) }
    expect(await request(address, { method: 'POST', path: '/x' })).toEqual({
      status: 200,
      body: '{}',
      date: new Date('2026-05-04T10:00:00Z'),
    })
    expect(await firstText(pinOf(own))).toBe('hello')
  })

  test('is refused with another pin, and sees no request', async () => {
    const address = { url, pin: pinOf(other) }
    await expect(request(address, { method: 'POST', path: '/x' })).rejects.toThrow(/not the one that this device/)
    expect(await firstText(pinOf(other))).toMatch(/not the one that this device/)
    expect(requests).toBe(0)
  })

  test('is refused without a pin', async () => {
    await expect(request({ url }, { method: 'POST', path: '/x' })).rejects.toMatchObject({
      code: 'collector-unreachable',
      message: expect.stringMatching(/self-signed certificate/i),
    })
    expect(await firstText(undefined)).toMatch(/self-signed certificate/i)
    expect(requests).toBe(0)
  })
})

function pinOf({ publicKey }: { publicKey: KeyObject }): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
}

function refusal(url: string): string | null {
  try {
    requireSafe({ url })
    return null
  } catch (error) {
    return error instanceof MusterError ? error.code : String(error)
  }
}

/** A self-signed X.509 certificate, as small as one can be: Node verifies certificates and makes none. */
function selfSigned({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): string {
  const ecdsaWithSha256 = der(0x30, der(0x06, Buffer.from('2a8648ce3d040302', 'hex')))
  const commonName = Buffer.from('550403', 'hex')
  const name = der(0x30, der(0x31, der(0x30, der(0x06, commonName), text(0x0c, 'muster test'))))
  const validity = der(0x30, text(0x17, '200101000000Z'), text(0x17, '491231000000Z'))
  const serial = der(0x02, Buffer.from([1]))
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const body = der(0x30, der(0xa0, der(0x02, Buffer.from([2]))), serial, ecdsaWithSha256, name, validity, name, spki)
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, privateKey))
  const certificate = der(0x30, body, ecdsaWithSha256, signature)
  return `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`
}

function der(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content)
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

function text(tag: number, it: string): Buffer {
  return der(tag, Buffer.from(it))
}
