import { keysOf } from '../../../shared/schema.ts'
import type { Product } from '../../../shared/signals.ts'
import { printable } from '../printable.ts'
import type { Judged } from './catalogue.ts'
import type { Flag, Told } from './told.ts'

/** What makes a running product degraded, and how a person is told. */
const PROBLEMS: readonly { flag: Flag; when: boolean; why: string }[] = [
  { flag: 'reducedFunctionality', when: true, why: 'reduced functionality mode: it does not see what happens' },
  { flag: 'passive', when: true, why: 'passive mode: it watches and blocks nothing' },
  { flag: 'realTime', when: false, why: 'real-time protection is off' },
  { flag: 'protecting', when: false, why: 'what protects in it does not work' },
  { flag: 'onboarded', when: false, why: 'it is not registered with its vendor' },
  { flag: 'agentId', when: false, why: 'it has no agent id' },
  { flag: 'upToDate', when: false, why: 'its definitions are out of date' },
  { flag: 'connected', when: false, why: 'it is not connected to its console' },
  { flag: 'healthy', when: false, why: 'it is not healthy by its own word' },
]

const LIMITS = { productChars: 40, reasons: 16, reasonChars: 200, versionChars: 60, idChars: 100 } as const

/**
 * What is reported of a product that is installed. It is healthy only if it runs, nothing speaks against it, and all
 * that `healthyWhen` asks was told so. `unread` says why something could not be asked.
 */
export function productOf(
  product: string,
  told: Told,
  { unread = [], ...judged }: Judged & { unread?: readonly string[] },
): Product {
  const { state, reasons } = stateOf(told, judged, unread)
  return {
    product: product.slice(0, LIMITS.productChars),
    ...(told.version !== undefined && { version: told.version.slice(0, LIMITS.versionChars) }),
    state,
    reasons: reasons.map((reason) => printable(reason, LIMITS.reasonChars)).slice(0, LIMITS.reasons),
    realTime: told.realTime ?? null,
    tamperProtection: told.tamperProtection ?? null,
    definitionsAt: told.definitionsAt ?? null,
    lastContactAt: told.lastContactAt ?? null,
    ...(told.id !== undefined && { agentId: told.id.slice(0, LIMITS.idChars) }),
  }
}

type Stated = Pick<Product, 'state' | 'reasons'>

function stateOf(told: Told, { healthyWhen, notes = [], limits = [] }: Judged, unread: readonly string[]): Stated {
  const issues = told.issues ?? []
  if (told.running === false) return { state: 'off', reasons: ['it is installed and does not run', ...issues] }

  const noted = notes.filter(({ flag, when }) => told[flag] === when)
  const problems = PROBLEMS.filter(({ flag, when }) => told[flag] === when && !noted.some((it) => it.flag === flag))
  const why = [...problems.map((it) => it.why), ...issues]
  const mentioned = noted.map((it) => it.why)
  if (why.length > 0) return { state: 'degraded', reasons: [...why, ...mentioned] }
  if (told.running !== true) return { state: 'unknown', reasons: ['whether it runs is not known', ...unread] }

  const asked = keysOf(healthyWhen)
  const isVerified = asked.length > 0 && asked.every((flag) => told[flag] === healthyWhen[flag])
  if (!isVerified) {
    const doubts = [...(told.doubts ?? []), ...unread, ...mentioned]
    return { state: 'unknown', reasons: ['running, protection unverified', ...doubts] }
  }
  return { state: 'healthy', reasons: [...mentioned, ...limits] }
}
