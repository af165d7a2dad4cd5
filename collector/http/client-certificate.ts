import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { digest } from '../../shared/jws.ts'
import type { PresentedCertificate } from '../gateways.ts'

/** Looked at once for each connection. */
const known = new WeakMap<Socket, PresentedCertificate | null>()

/** The certificate that the other end of a connection has proved to hold the key of; null where it showed none. */
export function clientCertificateOf(socket: Socket): PresentedCertificate | null {
  if (!(socket instanceof TLSSocket)) return null
  const before = known.get(socket)
  if (before !== undefined) return before
  const certificate = socket.getPeerX509Certificate()
  const presented = certificate
    ? {
        digest: digest(certificate.raw),
        validFrom: certificate.validFromDate,
        validTo: certificate.validToDate,
      }
    : null
  known.set(socket, presented)
  return presented
}
