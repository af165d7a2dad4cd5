import type { ActAnswer } from '../acts/all.ts'
import { defineCommand, type Noun } from './command.ts'
import { table } from './table.ts'
import { moment } from './wording.ts'

type Key = ActAnswer<'key-rotate'>

const list = defineCommand({
  summary: 'Lists the keys that sign attestations, with what each does and until when.',
  async run(_given, { ask }) {
    const { items } = await ask('key-list', {})
    const rows = items.map((key) => [key.kid, key.state, moment(key.since), untilOf(key)])
    return { json: items, text: () => table(['KEY', 'STATE', 'SINCE', 'UNTIL'], rows) }
  },
})

function untilOf({ state, until }: Key): string {
  if (until === null) return '-'
  return state === 'next' ? `signs from ${moment(until)} on` : `gone at ${moment(until)}`
}

const rotate = defineCommand({
  summary: 'Publishes a new key, which takes over when every gateway can have fetched it. No attestation is lost.',
  async run(_given, session) {
    const next = await session.ask('key-rotate', {})
    const text = () => `${next.kid} is published, and signs from ${moment(next.until)} on.`
    return { json: next, text }
  },
})

export const key: Noun = {
  name: 'key',
  summary: 'the keys that sign attestations: list, rotate',
  about: `One key signs attestations and status lists. Its successor is published before it signs anything, and it stays published
until the last thing that it signed has ended, so gateways never meet a key that they cannot know.`,
  verbs: { list, rotate },
}
