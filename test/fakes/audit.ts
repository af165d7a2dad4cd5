import { seal, type SealedLine } from '../../collector/protocol/audit-chain.ts'
import type { DecisionEvent } from '../../collector/protocol/decision-event.ts'

export const START = new Date('2026-11-25T08:00:00Z')

/** A decision with everything that is known of one, but for what the test says. */
export function decision(otherwise: Partial<DecisionEvent> = {}): DecisionEvent {
  return {
    at: START,
    by: 'forward-auth',
    gateway: { id: 'gw_wiki', name: 'wiki-nginx' },
    deviceId: 'dev_a',
    provedBy: 'vouched',
    user: 'anna@example.com',
    action: 'GET',
    resource: 'https://wiki.example.com/pages/1',
    tier: 'internal',
    client: '10.0.0.1',
    allow: true,
    code: null,
    reason: 'admitted to internal',
    failing: [],
    policyVersion: 1,
    ...otherwise,
  }
}

/** A decision to deny. */
export function denial(otherwise: Partial<DecisionEvent> = {}): DecisionEvent {
  const reason = 'not admitted to internal: firewall is fail (it is off)'
  return decision({ allow: false, code: 'not-admitted', reason, failing: ['firewall'], ...otherwise })
}

/** A chain of lines, a second apart, from behind a link on. */
export function chainOf(
  bodies: readonly object[],
  after: { seq: number; hash: string | null } = { seq: 0, hash: null },
) {
  const lines: SealedLine[] = []
  for (const [index, body] of bodies.entries()) {
    const at = new Date(START.getTime() + 1000 * (after.seq + index))
    lines.push(seal(JSON.stringify(body), at, lines.at(-1) ?? after))
  }
  return lines
}

/** What lines say, without what makes a chain of them. */
export function saidBy(lines: readonly { line: string }[]): Record<string, unknown>[] {
  return lines.map(({ line }) => {
    const { seq: _seq, previous: _previous, ...said } = JSON.parse(line) as Record<string, unknown>
    return said
  })
}
