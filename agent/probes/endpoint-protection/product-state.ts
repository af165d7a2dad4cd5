import type { Product } from '../../../shared/signals.ts'
import type { Flags, Told } from './told.ts'

type Flag = keyof Flags

/** What makes a running product degraded, and how a person is told. */
const PROBLEMS: readonly { flag: Flag; when: boolean; why: string }[] = [
  { flag: 'reducedFunctionality', when: true, why: 'reduced functionality mode: it does not see what happens' },
  { flag: 'passive', when: true, why: 'passive mode: it watches and blocks nothing' },
  { flag: 'realTime', when: false, why: 'real-time protection is off' },
  { flag: 'onboarded', when: false, why: 'it is not registered with its vendor' },
  { flag: 'agentId', when: false, why: 'it has no agent id' },
  { flag: 'upToDate', when: false, why: 'its definitions are out of date' },
  { flag: 'connected', when: false, why: 'it is not connected to its console' },
  { flag: 'healthy', when: false, why: 'it is not healthy by its own word' },
]

const LIMITS = { reasons: 16, reasonChars: 200, versionChars: 60, idChars: 100 } as const

/**
 * What is reported of a product that is installed. It is healthy only if it runs, nothing speaks against it, and all
 * that `healthyWhen` asks was told so. `unread` says why something could not be asked.
 */
export function productOf(
  product: string,
  told: Told,
  { healthyWhen, unread = [] }: { healthyWhen: Flags; unread?: readonly string[] },
): Product {
  const { state, reasons } = stateOf(told, healthyWhen, unread)
  return {
    product,
    ...(told.version !== undefined && { version: told.version.slice(0, LIMITS.versionChars) }),
    state,
    reasons: reasons.map((reason) => printable(reason, LIMITS.reasonChars)).slice(0, LIMITS.reasons),
    realTime: told.realTime ?? null,
    tamperProtection: told.tamperProtection ?? null,
    definitionsAt: told.definitionsAt ?? null,
    lastContactAt: null,
    ...(told.id !== undefined && { agentId: told.id.slice(0, LIMITS.idChars) }),
  }
}

function stateOf(told: Told, healthyWhen: Flags, unread: readonly string[]): Pick<Product, 'state' | 'reasons'> {
  const issues = told.issues ?? []
  if (told.running === false) return { state: 'off', reasons: ['it is installed and does not run', ...issues] }

  const problems = PROBLEMS.filter(({ flag, when }) => told[flag] === when).map(({ why }) => why)
  if (problems.length + issues.length > 0) return { state: 'degraded', reasons: [...problems, ...issues] }
  if (told.running !== true) return { state: 'unknown', reasons: ['whether it runs is not known', ...unread] }

  const asked = Object.entries(healthyWhen)
  const isVerified = asked.length > 0 && asked.every(([flag, wanted]) => isFlag(flag) && told[flag] === wanted)
  if (!isVerified) return { state: 'unknown', reasons: ['running, protection unverified', ...unread] }
  return { state: 'healthy', reasons: [] }
}

function isFlag(name: string): name is Flag {
  return PROBLEMS.some(({ flag }) => flag === name)
}

/** What a tool printed goes to people's screens: one line, without control characters, cut. */
function printable(text: string, maxLength: number): string {
  return text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, maxLength)
}
