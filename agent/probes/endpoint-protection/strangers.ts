import type { Product } from '../../../shared/signals.ts'
import { productOf } from './product-state.ts'
import { toldOf, type Registration } from './security-center.ts'

/**
 * Antivirus products that Security Center lists and the catalogue does not know, under their display name as an id. What
 * is on and up to date there is `unknown` all the same: Security Center keeps what a product said last, and does not
 * say whether it still runs.
 */
export function strangersOf(registrations: readonly Registration[]): Product[] {
  const byId = Map.groupBy(registrations, ({ displayName }) => idOf(displayName))
  return [...byId].map(([id, entries]) => {
    const isOff = entries.every(({ state }) => state === 'off')
    const issues = entries.flatMap(({ state }) => WORDS[state])
    const told = { installed: true, ...toldOf(entries), ...(isOff && { running: false }), issues }
    const unread = ['all that is known of it is what Security Center lists']
    return productOf(id, told, { healthyWhen: {}, unread })
  })
}

const WORDS: Readonly<Record<Registration['state'], readonly string[]>> = {
  on: [],
  unknown: [],
  off: ['Security Center lists it as switched off'],
  snoozed: ['Security Center lists it as switched off for a while'],
  expired: ['Security Center lists it as expired'],
}

const ID_CHARS = 40

/** The display name in the form of an id: `Example Internet Security` is `example-internet-security`. */
function idOf(displayName: string): string {
  const id = displayName
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .slice(0, ID_CHARS)
    .replaceAll(/^-+|-+$/g, '')
  return id === '' ? 'unnamed-antivirus' : id
}
