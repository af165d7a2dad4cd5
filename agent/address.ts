import { createHash } from 'node:crypto'
import type { ClientRequestArgs } from 'node:http'
import { isIP, type Socket } from 'node:net'
import { connect, type ConnectionOptions } from 'node:tls'
import { MusterError } from '../shared/errors.ts'
import { LIMITS } from '../shared/limits.ts'

/** Where the collector is, and the key by which a certificate that no public authority has signed is known. */
export type Address = { url: string; pin?: string | undefined }

/** Whether the address is of this machine. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))
}

/**
 * Refuses an address whose traffic others could read or change on its way.
 * @throws Error
 */
export function requireSafe({ url }: Address): void {
  if (new URL(url).protocol === 'https:' || isLoopback(url)) return
  throw new MusterError('address-not-encrypted', url)
}

type TlsOptions = Pick<ConnectionOptions, 'minVersion'> & Pick<ClientRequestArgs, 'createConnection'>

/**
 * How to connect to the address: by the public authorities, or, where a pin is given, with the pinned key and no other,
 * whoever has signed it. Nothing is sent before the key has been looked at.
 */
export function tlsOptions({ url, pin }: Address): TlsOptions {
  if (new URL(url).protocol !== 'https:') return {}
  if (pin === undefined) return { minVersion: 'TLSv1.3' }
  return {
    createConnection(options, done) {
      const host = options.host ?? 'localhost'
      const socket = connect({
        host,
        port: Number(options.port ?? 443),
        servername: isIP(host) === 0 ? host : '',
        minVersion: 'TLSv1.3',
        // The pin decides, below.
        rejectUnauthorized: false,
      })
      whenPinned(socket, pin, done)
      return undefined
    },
  }
}

type Done = (error: Error | null, stream: Socket) => void

function whenPinned(socket: ReturnType<typeof connect>, pin: string, done: Done): void {
  const fail = (error: Error) => {
    socket.destroy()
    done(error, socket)
  }
  const late = () => fail(new Error('the TLS handshake took too long'))
  socket.setTimeout(LIMITS.handshakeMs, late)
  socket.once('error', fail)
  socket.once('secureConnect', () => {
    const certificate = socket.getPeerX509Certificate()
    const key = certificate?.publicKey.export({ type: 'spki', format: 'der' })
    if (!key || createHash('sha256').update(key).digest('base64url') !== pin) {
      fail(new Error('its certificate is not the one that this device was enrolled with'))
      return
    }
    socket.setTimeout(0).off('timeout', late).off('error', fail)
    done(null, socket)
  })
}
