import { randomUUID } from 'node:crypto'
import { WebSocket } from 'ws'
import { parseEnrolled, parseEnrollmentNonce, parseEnrollmentString } from '../../shared/enrollment.ts'
import { SUBPROTOCOL, parseCollectorMessage, type AgentMessage, type CollectorMessage } from '../../shared/messages.ts'
import type { Facts } from '../../shared/signals.ts'
import { fakeDevice, type FakeDevice } from './device.ts'

/**
 * An agent in miniature: a real key, real HTTP and a real socket, and no manners. Tests make it send what an agent
 * never would.
 */
export type Client = {
  device: FakeDevice
  deviceId: string
  boot: string
  url: string
  /** The number of its last report; a test may set it back. */
  sequence: number
}

export type EnrolOptions = { now?: Date; serial?: string; claims?: object }

/** Sends an enrolment as it is asked for, and returns the raw answer. */
export async function postEnrolment(
  enrollment: string,
  { now = new Date(), serial = '', claims = {} }: EnrolOptions = {},
) {
  const { url, secret } = parseEnrollmentString(enrollment)
  const device = fakeDevice(url)
  const answer = parseEnrollmentNonce(await (await fetch(`${url}/v1/enrollments/nonce`, { method: 'POST' })).json())
  if (!answer.ok) throw new Error(answer.problem)
  const inventory = { hostname: 'laptop', manufacturer: 'Example', model: 'Book', serial, chassis: 'laptop' }
  const said = { nonce: answer.value.nonce, now, secret }
  const proof = await device.enrollment(said, { claims: { device: inventory, ...claims } })
  const response = await fetch(`${url}/v1/enrollments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ proof }),
  })
  return { response, device, url }
}

/** Enrols a device of its own. */
export async function enrolledClient(enrollment: string, options: EnrolOptions = {}): Promise<Client> {
  const { response, device, url } = await postEnrolment(enrollment, options)
  if (!parseEnrolled(await response.json()).ok) throw new Error(`not enrolled: ${response.status}`)
  return { device, deviceId: device.id, boot: randomUUID(), url, sequence: 0 }
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
      return client.device.evidence(
        { nonce, now, facts, seq: client.sequence },
        { claims: { aud: client.url, ...claims } },
      )
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
  const usual = { aud: client.url, boot: client.boot }
  const jws = await client.device.session({ nonce, now }, { claims: { ...usual, ...claims } })
  conversation.send({ type: 'authenticate', jws })
}

/** A connection that has been welcomed. */
export async function connectedClient(client: Client, now = new Date()): Promise<Conversation> {
  const conversation = openConversation(client)
  await authenticate(client, conversation, {}, now)
  await conversation.expect('welcome')
  return conversation
}
