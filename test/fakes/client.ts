import { generateKeyPairSync, randomUUID, sign as signBytes, type KeyObject } from 'node:crypto'
import { WebSocket } from 'ws'
import { parseEnrolled, parseEnrollmentNonce, parseEnrollmentString } from '../../shared/enrollment.ts'
import { EVIDENCE_PROFILE, parsePublicJwk } from '../../shared/evidence.ts'
import { TYP, deviceIdOf, digest, signJws, type PublicJwk, type Sign } from '../../shared/jws.ts'
import { SUBPROTOCOL, parseCollectorMessage, type AgentMessage, type CollectorMessage } from '../../shared/messages.ts'
import type { Facts } from '../../shared/signals.ts'

/**
 * An agent in miniature: a real key, real HTTP and a real socket, and no manners. Tests make it send what an agent
 * never would.
 */
export type Client = {
  deviceId: string
  jwk: PublicJwk
  sign: Sign
  boot: string
  url: string
  /** The number of its last report; a test may set it back. */
  sequence: number
}

export function newKey(): { jwk: PublicJwk; sign: Sign; privateKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
  const jwk = parsePublicJwk({ kty, crv, x, y })
  if (!jwk.ok) throw new Error(jwk.problem)
  return {
    privateKey,
    jwk: jwk.value,
    sign: (bytes) => signBytes('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  }
}

export type EnrolOptions = { now?: Date; serial?: string; key?: ReturnType<typeof newKey>; claims?: object }

/** Sends an enrolment as it is asked for, and returns the raw answer. */
export async function postEnrolment(enrollment: string, options: EnrolOptions = {}) {
  const { now = new Date(), serial = '', key = newKey(), claims = {} } = options
  const { url, secret } = parseEnrollmentString(enrollment)
  const answer = parseEnrollmentNonce(await (await fetch(`${url}/v1/enrollments/nonce`, { method: 'POST' })).json())
  if (!answer.ok) throw new Error(answer.problem)
  const proof = await signJws(
    { typ: TYP.enrollment, jwk: key.jwk },
    {
      aud: url,
      nonce: answer.value.nonce,
      iat: Math.floor(now.getTime() / 1000),
      secret: digest(secret),
      keyProtection: 'software',
      device: { hostname: 'laptop', manufacturer: 'Example', model: 'Book', serial, chassis: 'laptop' },
      platform: 'linux',
      ...claims,
    },
    key.sign,
  )
  const response = await fetch(`${url}/v1/enrollments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ proof }),
  })
  return { response, key, url }
}

/** Enrols a device of its own. */
export async function enrolledClient(enrollment: string, options: EnrolOptions = {}): Promise<Client> {
  const { response, key, url } = await postEnrolment(enrollment, options)
  const enrolled = parseEnrolled(await response.json())
  if (!enrolled.ok) throw new Error(`not enrolled: ${response.status}`)
  return { deviceId: deviceIdOf(key.jwk), jwk: key.jwk, sign: key.sign, boot: randomUUID(), url, sequence: 0 }
}

export type Conversation = {
  /** The next message of the collector; rejects when the connection ends before there is one. */
  next(): Promise<CollectorMessage>
  /** The next message, which has to be of this type. */
  expect<T extends CollectorMessage['type']>(type: T): Promise<Extract<CollectorMessage, { type: T }>>
  send(message: AgentMessage | string | Buffer): void
  /** Signs these facts with the newest nonce and sends them; resolves with the answer. */
  report(facts: Facts, now?: Date): Promise<Extract<CollectorMessage, { type: 'appraised' }>>
  evidence(facts: Facts, claims?: object, now?: Date): Promise<string>
  /** The newest nonce that was given out. */
  nonce(): string
  closed: Promise<{ code: number; reason: string }>
  close(): void
}

/** Opens a connection and leaves it at the challenge. */
export function openConversation(client: Client, headers: Record<string, string> = {}): Conversation {
  const socket = new WebSocket(`${client.url.replace(/^http/, 'ws')}/v1/agent`, SUBPROTOCOL, { headers })
  const inbox: CollectorMessage[] = []
  const waiting: { resolve: (message: CollectorMessage) => void; reject: (error: Error) => void }[] = []
  let nonce = ''
  let ended = false
  socket.on('message', (data: Buffer) => {
    const message = parseCollectorMessage(data.toString())
    if (!message.ok) throw new Error(`the collector sent what is no message: ${message.problem}`)
    if ('eat_nonce' in message.value) nonce = message.value.eat_nonce
    const first = waiting.shift()
    if (first) first.resolve(message.value)
    else inbox.push(message.value)
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    const end = (code: number, reason: string) => {
      ended = true
      for (const { reject } of waiting.splice(0)) reject(new Error(`closed: ${code} ${reason}`))
      resolve({ code, reason })
    }
    socket.on('close', (code, reason) => end(code, reason.toString()))
    socket.on('error', (error) => end(0, error.message))
  })

  const conversation: Conversation = {
    closed,
    nonce: () => nonce,
    close: () => socket.close(),
    send: (message) =>
      socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message)),
    next() {
      const message = inbox.shift()
      if (message) return Promise.resolve(message)
      if (ended) return Promise.reject(new Error('closed'))
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
    async expect(type) {
      const message = await conversation.next()
      if (message.type !== type) throw new Error(`expected ${type}, got ${JSON.stringify(message)}`)
      return message as Extract<CollectorMessage, { type: typeof type }> // oxlint-disable-line typescript/no-unsafe-type-assertion
    },
    async report(facts, now = new Date()) {
      conversation.send({ type: 'evidence', jws: await conversation.evidence(facts, {}, now) })
      return conversation.expect('appraised')
    },
    evidence(facts, claims = {}, now = new Date()) {
      client.sequence += 1
      const iat = Math.floor(now.getTime() / 1000)
      const usual = {
        eat_profile: EVIDENCE_PROFILE,
        iss: client.deviceId,
        aud: client.url,
        eat_nonce: nonce,
        iat,
        seq: client.sequence,
        facts,
      }
      return signJws({ typ: TYP.evidence, kid: client.deviceId }, { ...usual, ...claims }, client.sign)
    },
  }
  return conversation
}

/** Answers the challenge. */
export async function authenticate(
  client: Client,
  conversation: Conversation,
  claims: object = {},
  now = new Date(),
): Promise<void> {
  const { nonce } = await conversation.expect('challenge')
  const iat = Math.floor(now.getTime() / 1000)
  const usual = { aud: client.url, nonce, iat, boot: client.boot }
  const jws = await signJws({ typ: TYP.session, kid: client.deviceId }, { ...usual, ...claims }, client.sign)
  conversation.send({ type: 'authenticate', jws })
}

/** A connection that has been welcomed. */
export async function connectedClient(client: Client, now = new Date()): Promise<Conversation> {
  const conversation = openConversation(client)
  await authenticate(client, conversation, {}, now)
  await conversation.expect('welcome')
  return conversation
}
