import { get, type ClientRequest } from 'node:http'

/** Follows `GET /v1/events` as its documentation says, and knows of each device what it was told and nothing else. */
export type Follower = {
  tiers: Map<string, string[]>
  losses: Map<string, number>
  problems: string[]
  resets: number
  /** How often a connection ended. */
  ends: number
  /** Ends the connection, and makes none until `resume`. */
  pause(): void
  resume(): void
}

type Data = { deviceId: string; before: string[]; after: string[] }

export function follower(url: () => string, key: string): Follower {
  let request: ClientRequest | null = null
  let timer: NodeJS.Timeout | undefined
  let isPaused = false
  let lastId = '0'
  const it: Follower = {
    tiers: new Map(),
    losses: new Map(),
    problems: [],
    resets: 0,
    ends: 0,
    pause() {
      isPaused = true
      clearTimeout(timer)
      request?.destroy()
    },
    resume() {
      isPaused = false
      connect()
    },
  }

  function take(event: string): void {
    const fields = new Map(event.split('\n').map((line) => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]))
    lastId = fields.get('id') ?? lastId
    if (fields.get('event') === 'reset') it.resets += 1
    if (fields.get('event') !== 'standing') return
    const { deviceId, before, after } = JSON.parse(fields.get('data') ?? '') as Data
    const known = it.tiers.get(deviceId) ?? []
    if (known.join() !== before.join()) it.problems.push(`${deviceId} had ${known.join()}, and not ${before.join()}`)
    if (before.some((tier) => !after.includes(tier))) it.losses.set(deviceId, (it.losses.get(deviceId) ?? 0) + 1)
    it.tiers.set(deviceId, after)
  }

  function again(): void {
    it.ends += 1
    clearTimeout(timer)
    if (!isPaused) timer = setTimeout(connect, 20)
  }

  function connect(): void {
    const headers = { authorization: `Bearer ${key}`, 'last-event-id': lastId }
    const asked = get(`${url()}/v1/events`, { headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        if (asked !== request || isPaused) return
        const parts = (text + chunk).split('\n\n')
        text = parts.pop() ?? ''
        for (const part of parts) take(part)
      })
      response.once('close', again)
      response.on('error', () => undefined)
    })
    asked.on('error', () => asked === request && again())
    request = asked
  }

  connect()
  return it
}
