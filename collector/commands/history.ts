import type { ActAnswer } from '../acts/all.ts'
import { defineCommand, UsageError } from './command.ts'
import { deviceIdOf } from './device-id.ts'
import { eachPage } from './pages.ts'
import { table } from './table.ts'
import { exactMoment, orDash, timeGiven } from './wording.ts'

type State = ActAnswer<'device-state-at'>
type Transition = ActAnswer<'device-history'>['items'][number]

/** `device history`. */
export const history = defineCommand({
  operands: 'ID',
  summary:
    'Tells when each verdict changed, or with --at what held at a time: each check with the evidence and the policy behind it.',
  options: {
    at: { type: 'string', value: 'WHEN', help: 'what held at this time; at the end of a day, where it is a day' },
    check: { type: 'string', value: 'CHECK', help: 'this check alone' },
    from: { type: 'string', value: 'WHEN', help: 'from this day or time on' },
    to: { type: 'string', value: 'WHEN', help: 'up to this time; a day counts whole' },
  },
  async run(given, session) {
    const [at, from, to, check] = [given.text('at'), given.text('from'), given.text('to'), given.text('check')]
    if (at !== undefined && (from ?? to ?? check) !== undefined) {
      throw new UsageError('--at tells of every check at one time; it goes with no other option')
    }
    const begin = from === undefined ? {} : { from: timeGiven(from, '--from', 'begin').toISOString() }
    const end = to === undefined ? {} : { to: timeGiven(to, '--to', 'end').toISOString() }
    const then = at === undefined ? null : stateTime(at, session.now())
    const id = await deviceIdOf(given.operand(0), session)
    if (then !== null) {
      const state = await session.ask('device-state-at', { id, at: then.toISOString() })
      return { json: state, text: () => stateText(state) }
    }
    const asked = { id, ...begin, ...end, ...checkOf(check) }
    const transitions = await eachPage((page) => session.ask('device-history', { ...page, ...asked }))
    return { json: transitions, text: () => historyText(transitions) }
  },
})

/** An unknown check is refused by what the act takes. */
function checkOf(check: string | undefined): { check?: Transition['check'] } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return check === undefined ? {} : { check: check as Transition['check'] }
}

/** The last moment of a day that is over, else now. */
function stateTime(given: string, now: Date): Date {
  const time = timeGiven(given, '--at', 'end')
  const isDay = !given.includes(':')
  const then = isDay ? new Date(time.getTime() - 1) : time
  return isDay && then > now && timeGiven(given, '--at', 'begin') <= now ? now : then
}

/** Enough of a digest to compare it by eye. */
const DIGEST = 12

function historyText(transitions: readonly Transition[]): string {
  if (transitions.length === 0) return 'Nothing changed in this time.'
  return table(
    ['TIME', 'CHECK', 'FROM', 'TO', 'EVIDENCE', 'POLICY'],
    transitions.map(({ at, check, from, to, evidence, policyVersion }) => [
      exactMoment(at),
      check,
      orDash(from),
      to ?? 'no longer asked',
      orDash(evidence?.slice(0, DIGEST) ?? null),
      String(policyVersion),
    ]),
  )
}

function stateText({ id, at, tiers, checks, forgotten }: State): string {
  const admitted = tiers === null ? 'no longer known' : tiers.length === 0 ? 'nothing' : tiers.join(', ')
  const rows = checks.map(({ check, verdict, since, evidence, policyVersion }) => [
    check,
    verdict,
    exactMoment(since),
    orDash(evidence),
    String(policyVersion),
  ])
  const lines = [id, `At ${exactMoment(at)} it was admitted to: ${admitted}`, '']
  lines.push(
    rows.length === 0 ? 'No check had been judged.' : table(['CHECK', 'VERDICT', 'SINCE', 'EVIDENCE', 'POLICY'], rows),
  )
  if (forgotten.length > 0) lines.push('', `No longer kept of that time: ${forgotten.join(', ')}`)
  return lines.join('\n')
}
