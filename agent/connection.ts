import { WebSocket, type RawData } from 'ws'
import type { ErrorCode } from '../shared/errors.ts'
import { LIMITS } from '../shared/limits.ts'
import { SUBPROTOCOL, type AgentMessage } from '../shared/messages.ts'
import { requireSafe, tlsOptions, type Address } from './address.ts'

/** What happens on a connection; `closed` comes once, last, and in any case. */
type ConnectionEvents = {
  opened(): void
  text(json: string): void
  closed(end: Closed): void
}

/** `cut` is true where the other end went away, and false where the network, or we, made an end. */
export type Closed = { cut: boolean; why: string }

type Connection = {
  send(message: AgentMessage): void
  /** Ends it after what was sent; the other end has a moment to agree. */
  close(why: ErrorCode): void
}

export type Connect = (address: Address, version: string, events: ConnectionEvents) => Connection

const CLOSING_MS = 500
const SILENCE_MS = 2 * LIMITS.heartbeatSeconds * 1000
/** What a socket reports where the other end is gone, rather than the network. */
const CUT_OFF: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE'])

/** Opens the WebSocket of an agent. It decides nothing: what is said on it is for the session. */
export const openConnection: Connect = (address, version, events) => {
  requireSafe(address)
  const socket = new WebSocket(`${address.url.replace(/^http/, 'ws')}/v1/agent`, SUBPROTOCOL, {
    perMessageDeflate: false,
    maxPayload: LIMITS.messageBytes,
    handshakeTimeout: LIMITS.handshakeMs,
    headers: { 'user-agent': `muster-agent/${version}` },
    ...tlsOptions(address),
  })
  let problem: { code: string | null; message: string } | null = null
  let leaving = false

  // The collector pings, so a connection on which nothing comes is dead, however alive it looks from here.
  const silence = setTimeout(() => {
    problem = { code: null, message: 'the connection fell silent' }
    socket.terminate()
  }, SILENCE_MS)
  const heard = () => silence.refresh()

  socket.on('ping', heard)
  socket.once('open', () => {
    heard()
    events.opened()
  })
  socket.on('message', (data, isBinary) => {
    heard()
    if (!isBinary) {
      events.text(textOf(data))
      return
    }
    problem = { code: null, message: 'it sent a binary message' }
    socket.close(1003)
  })
  socket.on('error', (error) => {
    problem ??= { code: 'code' in error ? String(error.code) : null, message: error.message || error.name }
  })
  socket.once('close', (code) => {
    clearTimeout(silence)
    const cut = !leaving && (problem === null || (problem.code !== null && CUT_OFF.has(problem.code)))
    events.closed({ cut, why: problem?.message || problem?.code || `the connection was closed (${code})` })
  })

  return {
    send(message) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
    },
    close(why) {
      leaving = true
      if (socket.readyState !== WebSocket.OPEN) {
        socket.terminate()
        return
      }
      socket.close(1000, why)
      setTimeout(() => socket.terminate(), CLOSING_MS).unref()
    },
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString()
  return Buffer.isBuffer(data) ? data.toString() : Buffer.from(data).toString()
}
