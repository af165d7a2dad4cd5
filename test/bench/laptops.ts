// Started by `bench intake`: many laptops in one process of their own, so that only the collector is measured. They do
// as little as they can, or the collector would wait for them.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { EVIDENCE_PROFILE } from '../../shared/evidence.ts'
import { TYP, signJws } from '../../shared/jws.ts'
import { SUBPROTOCOL } from '../../shared/messages.ts'
import { enrolledClient, type Client } from '../fakes/client.ts'
import { healthyFacts } from '../fakes/facts.ts'

type Order = { enrollments: string[]; warmUp: number; reports: number }
type Heard = { type: string; nonce?: string; eat_nonce?: string }

const facts = healthyFacts(new Date())
const iat = () => Math.floor(Date.now() / 1000)

/** Connects, reports `first` times, and then as often again as `more` says when it is called. */
async function laptop(client: Client) {
  const socket = new WebSocket(`${client.url.replace('http', 'ws')}/v1/agent`, SUBPROTOCOL, {
    perMessageDeflate: false,
  })
  let [left, sequence, nonce] = [1, 0, '']
  let done = Promise.withResolvers<void>()

  async function report(): Promise<void> {
    sequence += 1
    const common = { iss: client.deviceId, aud: client.url, eat_nonce: nonce, iat: iat(), seq: sequence }
    const claims = { eat_profile: EVIDENCE_PROFILE, ...common, facts }
    const jws = await signJws({ typ: TYP.evidence, kid: client.deviceId }, claims, client.device.sign)
    socket.send(`{"type":"evidence","jws":"${jws}"}`)
  }

  async function onMessage(data: Buffer): Promise<void> {
    const message = JSON.parse(data.toString()) as Heard
    if (message.type === 'goodbye') throw new Error(data.toString())
    if (message.type === 'challenge') {
      const claims = { aud: client.url, nonce: message.nonce, iat: iat(), boot: randomUUID() }
      const jws = await signJws({ typ: TYP.session, kid: client.deviceId }, claims, client.device.sign)
      socket.send(JSON.stringify({ type: 'authenticate', jws }))
      return
    }
    nonce = message.eat_nonce ?? nonce
    if (left-- > 0) await report()
    else done.resolve()
  }
  socket.on('message', (data: Buffer) => void onMessage(data))
  await done.promise

  return async (more: number) => {
    left = more - 1
    done = Promise.withResolvers<void>()
    await report()
    await done.promise
  }
}

const [{ enrollments, warmUp, reports }] = (await once(process, 'message')) as [Order]
const clients = await Promise.all(enrollments.map((enrollment) => enrolledClient(enrollment)))
const laptops = await Promise.all(clients.map(laptop))
await Promise.all(laptops.map((more) => more(warmUp)))
process.send?.('ready')
await once(process, 'message')
await Promise.all(laptops.map((more) => more(reports)))
process.send?.('done')
