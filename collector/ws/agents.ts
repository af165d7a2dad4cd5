import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyBaseLogger } from 'fastify'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import { ERRORS, MusterError, type ErrorCode } from '../../shared/errors.ts'
import { LIMITS } from '../../shared/limits.ts'
import { SUBPROTOCOL, parseAgentMessage } from '../../shared/messages.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { Metrics } from '../metrics.ts'
import { newNonce } from '../nonces.ts'
import { countMessage, unusedRate, type Rate } from '../protocol/rate.ts'
import {
  openSession,
  refusal,
  stepSession,
  type SessionContext,
  type SessionEffect,
  type SessionEvent,
  type SessionState,
} from '../protocol/session.ts'

export type AgentsOptions = {
  fleet: Fleet
  issuerUrl: string
  metrics: Metrics
  log: FastifyBaseLogger
  clock: () => Date
}

/** The WebSocket side of the collector: it performs what the pure session decides. */
export type Agents = {
  /** Takes over the upgrades of an HTTP server. */
  attach(server: Server): void
  connected(): number
  /** Asks a device to read everything now; false where it is not connected. */
  recheck(deviceId: string, reason: string): boolean
  /** Ends the connection of a device that may not go on. */
  dismiss(deviceId: string, code: ErrorCode): void
  /** Says goodbye to all. */
  close(): Promise<void>
}

/** One connection: its state, and what belongs to the wire and not to the conversation. */
type Connection = {
  socket: WebSocket
  state: SessionState
  deviceId: string | null
  rate: Rate
  alive: boolean
}

const PATH = '/v1/agent'

export function openAgents({ fleet, issuerUrl, metrics, log, clock }: AgentsOptions): Agents {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: LIMITS.messageBytes,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  })
  const connections = new Set<Connection>()
  const byDevice = new Map<string, Connection>()
  let stopping = false

  const context = (): SessionContext => ({ now: clock(), issuer: issuerUrl, nonce: newNonce })

  function apply(connection: Connection, [state, effects]: [SessionState, SessionEffect[]]): void {
    connection.state = state
    for (const effect of effects) perform(connection, effect)
  }

  function happen(connection: Connection, event: SessionEvent): void {
    apply(connection, stepSession(connection.state, event, context()))
  }

  function perform(connection: Connection, effect: SessionEffect): void {
    switch (effect.type) {
      case 'send':
        connection.socket.send(JSON.stringify(effect.message))
        return
      case 'close':
        closed(connection, effect.code)
        connection.socket.close(ERRORS[effect.code].close, effect.code)
        return
      case 'look-up':
        happen(connection, { type: 'device', device: fleet.sessionDevice(effect.deviceId) })
        return
      case 'admit':
        answer(connection, admit(connection, effect.deviceId, effect.bootId))
        return
      case 'store':
        answer(connection, store(effect))
        return
      case 'distrust':
        log.warn({ device: effect.deviceId, identity: effect.identity }, 'device distrusted')
        fleet
          .distrust(effect.deviceId, effect.identity)
          .catch((error: unknown) => log.error({ err: error }, 'distrust'))
        return
    }
  }

  /** An effect that takes time comes back as an event, and what it threw as a refusal. */
  function answer(connection: Connection, pending: Promise<SessionEvent>): void {
    pending
      .catch((error: unknown) => {
        if (!(error instanceof MusterError)) log.error({ err: error, device: connection.deviceId }, 'internal')
        return refusal(error)
      })
      .then((event) => happen(connection, event))
      .catch((error: unknown) => log.error({ err: error }, 'internal'))
  }

  async function admit(connection: Connection, deviceId: string, bootId: string): Promise<SessionEvent> {
    const welcome = await fleet.arrive(deviceId, bootId)
    const older = byDevice.get(deviceId)
    byDevice.set(deviceId, connection)
    connection.deviceId = deviceId
    if (older && older !== connection) happen(older, { type: 'superseded' })
    log.info({ device: deviceId }, 'agent connected')
    return { type: 'admitted', welcome }
  }

  async function store({ deviceId, report }: Extract<SessionEffect, { type: 'store' }>): Promise<SessionEvent> {
    const { standing, attestation } = await fleet.report(deviceId, report)
    metrics.reported(report.kind)
    return { type: 'stored', standing, attestation }
  }

  function closed(connection: Connection, code: ErrorCode): void {
    if (code !== 'agent-stopping' && code !== 'collector-stopping') {
      metrics.reported(code)
      log.warn({ device: connection.deviceId, code }, 'connection closed')
    }
    forget(connection)
  }

  function forget(connection: Connection): void {
    if (connection.deviceId !== null && byDevice.get(connection.deviceId) === connection)
      byDevice.delete(connection.deviceId)
  }

  function open(socket: WebSocket): void {
    const connection: Connection = {
      socket,
      state: { at: 'closed' },
      deviceId: null,
      rate: unusedRate(performance.now()),
      alive: true,
    }
    connections.add(connection)
    const handshake = setTimeout(() => happen(connection, { type: 'tick' }), LIMITS.handshakeMs)
    socket.on('message', (data, isBinary) => onFrame(connection, data, isBinary))
    socket.on('pong', () => {
      connection.alive = true
    })
    socket.on('error', (error) => {
      // ws closes the connection itself, with the right close code, when a frame is too large or broken.
      const code =
        'code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
          ? 'message-too-large'
          : 'message-malformed'
      metrics.reported(code)
      log.warn({ device: connection.deviceId, code, problem: error.message }, 'connection closed')
    })
    socket.on('close', () => {
      clearTimeout(handshake)
      connection.state = { at: 'closed' }
      connections.delete(connection)
      forget(connection)
    })
    apply(connection, openSession(context()))
  }

  function onFrame(connection: Connection, data: RawData, isBinary: boolean): void {
    const rate = countMessage(connection.rate, LIMITS.messagesPerSecond, performance.now())
    if (rate === null) return happen(connection, { type: 'malformed', code: 'too-many-messages', problem: 'slow down' })
    connection.rate = rate
    const message = isBinary ? null : parseAgentMessage(textOf(data))
    if (message?.ok) return happen(connection, { type: 'message', message: message.value })
    const problem = message?.problem ?? 'it is not a text frame'
    return happen(connection, { type: 'malformed', code: 'message-malformed', problem })
  }

  const heartbeat = setInterval(() => {
    for (const connection of connections) {
      if (!connection.alive) connection.socket.terminate()
      else {
        connection.alive = false
        connection.socket.ping()
      }
    }
  }, LIMITS.heartbeatSeconds * 1000)
  heartbeat.unref()

  return {
    attach(server) {
      server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        const refused = refusedUpgrade(request, stopping)
        if (refused) return refuseUpgrade(socket, refused)
        return sockets.handleUpgrade(request, socket, head, open)
      })
    },
    connected: () => byDevice.size,
    recheck(deviceId, reason) {
      const connection = byDevice.get(deviceId)
      if (connection) happen(connection, { type: 'recheck', reason })
      return connection !== undefined
    },
    dismiss(deviceId, code) {
      const connection = byDevice.get(deviceId)
      if (connection) happen(connection, { type: 'dismissed', code })
    },
    async close() {
      stopping = true
      clearInterval(heartbeat)
      const gone = [...connections].map(
        ({ socket }) => new Promise<void>((resolve) => void socket.once('close', () => resolve())),
      )
      for (const connection of connections) happen(connection, { type: 'stopping' })
      const late = setTimeout(() => {
        for (const { socket } of connections) socket.terminate()
      }, 1000)
      await Promise.all(gone)
      clearTimeout(late)
    },
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString()
  return Buffer.isBuffer(data) ? data.toString() : Buffer.from(data).toString()
}

/** Why a request may not become an agent's connection. A browser sends `Origin`; an agent never does. */
function refusedUpgrade({ url, headers }: IncomingMessage, stopping: boolean): ErrorCode | null {
  if (url?.split('?')[0] !== PATH) return 'not-found'
  if (headers.origin !== undefined) return 'origin-refused'
  if (stopping) return 'collector-stopping'
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  return offered.includes(SUBPROTOCOL) ? null : 'message-malformed'
}

function refuseUpgrade(socket: Duplex, code: ErrorCode): void {
  const { status, title, fix } = ERRORS[code]
  const body = JSON.stringify({ type: `urn:muster:error:${code}`, title, status, code, fix })
  socket.end(
    `HTTP/1.1 ${status} ${code}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
