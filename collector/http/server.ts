import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { MusterError } from '../../shared/errors.ts'

/** An open port. Until the application stands behind it, it answers that it is not ready. */
export type OpenServer = {
  server: Server
  port: number
  /** From now on it answers that it is not ready, as before the application stood behind it. */
  withdraw(): void
  close(): Promise<void>
}

/**
 * Takes the port before anything is built, since the address is part of what is signed and the port may be any.
 * @throws MusterError `config-invalid` where the port is taken or may not be used
 */
export async function openServer(where: {
  host: string
  port: number
  tls: { cert: string; key: string } | null
  /** Asks clients for a certificate. Whose it is, is looked at where it counts: anyone may have none, or one of their own. */
  mutualTls: boolean
}): Promise<OpenServer> {
  const { host, port, tls, mutualTls } = where
  const asked = { requestCert: mutualTls, rejectUnauthorized: false }
  const server = tls ? createTlsServer({ ...tls, ...asked, minVersion: 'TLSv1.3' }) : createServer()
  server.on('request', notReady)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new MusterError('config-invalid', `cannot listen on ${host}:${port}: ${error.message}`, { cause: error }))
    })
    server.listen({ host, port }, resolve)
  })
  const address = server.address()
  return {
    server,
    port: typeof address === 'object' && address ? address.port : port,
    withdraw: () => void server.removeAllListeners('request').on('request', notReady),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

/** Puts the application behind the port: the shape that Fastify asks of a server factory. */
export function serverFactory({ server }: OpenServer): (handler: RequestListener) => Server {
  return (handler) => {
    server.off('request', notReady)
    return server.on('request', handler)
  }
}

const notReady: RequestListener = (_request, response) => {
  response.writeHead(503, { 'retry-after': '1', 'content-type': 'application/problem+json' })
  response.end(JSON.stringify({ type: 'urn:muster:error:not-ready', status: 503, code: 'not-ready' }))
}
