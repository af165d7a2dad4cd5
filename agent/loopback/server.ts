import { createServer, type Server, type Socket } from 'node:net'
import type { HttpParts } from './http.ts'

export type LoopbackParts = HttpParts & {
  /** The first of them that is free is taken; 0 is any that is free. */
  ports: readonly number[]
  /** How long a connection may last, in milliseconds. */
  connectionMs?: number
}

export type Loopback = {
  /** Where it listens; null where all ports were taken. */
  port: number | null
  close(): Promise<void>
}

/** This machine and no other, and only by the address that the collector's page asks. */
const ADDRESS = '127.0.0.1'
/** From the first byte to the last: nothing that is right takes a tenth of it. */
const CONNECTION_MS = 10_000
const CONNECTIONS = 32

/**
 * Listens for browsers of this laptop. An agent without a port says so once, and goes on without. Most laptops are asked
 * a few times a day: what answers is loaded when somebody comes.
 */
export async function openLoopback(options: LoopbackParts): Promise<Loopback> {
  const { ports, connectionMs = CONNECTION_MS, ...parts } = options
  const server = createServer({ pauseOnConnect: true })
  server.maxConnections = CONNECTIONS
  const port = await listenOnFirstFree(server, ports)
  if (port === null) {
    const next = 'restart the agent when one of them is free; reports go on'
    parts.log('browsers cannot be answered: all ports are taken', { ports: ports.join(', '), next })
    return { port, close: async () => undefined }
  }

  const sockets = new Set<Socket>()
  let speaking: Promise<(socket: Socket) => void> | undefined
  const answer = async (socket: Socket) => {
    speaking ??= import('./http.ts').then(({ openHttp }) => openHttp(parts, port))
    const speak = await speaking
    speak(socket)
    socket.resume()
  }
  server.on('connection', (socket) => {
    const deadline = setTimeout(() => socket.destroy(), connectionMs)
    sockets.add(socket)
    socket.once('close', () => {
      clearTimeout(deadline)
      sockets.delete(socket)
    })
    socket.on('error', () => socket.destroy())
    answer(socket).catch((error: unknown) => {
      parts.log('a browser could not be answered', { error: String(error) })
      socket.destroy()
    })
  })
  return {
    port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

async function listenOnFirstFree(server: Server, ports: readonly number[]): Promise<number | null> {
  for (const port of ports) {
    if (await listens(server, port)) {
      const address = server.address()
      return typeof address === 'object' && address ? address.port : port
    }
  }
  return null
}

/** A port that is not to be had is one that another program has, or that the system keeps for itself (Windows). */
function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const refused = () => resolve(false)
    server.once('error', refused)
    server.listen({ port, host: ADDRESS, exclusive: true }, () => {
      server.off('error', refused)
      resolve(true)
    })
  })
}
