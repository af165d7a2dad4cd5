import { CHECK_IDS } from '../../shared/standing.ts'
import type { ActAnswer } from '../acts/all.ts'
import { parserOf } from '../../shared/schema.ts'
import { Duration, inWords } from '../appraisal/duration.ts'
import { defineCommand, UsageError, type Noun } from './command.ts'
import { deviceIdOf } from './device-id.ts'
import { eachPage } from './pages.ts'
import { table } from './table.ts'
import { ahead, counted, moment, shortId, timeGiven } from './wording.ts'

type Exception = ActAnswer<'exception-end'>

const grant = defineCommand({
  summary: 'Lets one check pass although it does not, for a device, for all with a tag, or for a group of the policy.',
  options: {
    device: { type: 'string', value: 'ID', help: 'for one device; the beginning of its id is enough' },
    tag: { type: 'string', value: 'TAG', help: 'for all devices with this tag' },
    group: { type: 'string', value: 'GROUP', help: 'for all devices of a group that the policy names' },
    check: { isNeeded: true, type: 'string', value: 'CHECK', help: `one of ${CHECK_IDS.join(', ')}` },
    reason: { isNeeded: true, type: 'string', value: 'TEXT', help: 'why; shown wherever the exception is' },
    approver: { type: 'string', value: 'NAME', help: 'who allowed it; else the user who is logged in' },
    expires: {
      isNeeded: true,
      type: 'string',
      value: 'WHEN',
      help: 'for how long (14d), or until which day or time; at most 90 days',
    },
  },
  async run(given, session) {
    const device = given.text('device')
    const named = [device, given.text('tag'), given.text('group')].filter((it) => it !== undefined)
    if (named.length !== 1) throw new UsageError('exception grant needs one of --device, --tag, --group')
    const answer = await session.ask('exception-grant', {
      ...(device !== undefined && { device: await deviceIdOf(device, session) }),
      ...targetOf('tag', given.text('tag')),
      ...targetOf('group', given.text('group')),
      check: given.text('check') ?? '',
      reason: given.text('reason') ?? '',
      approver: given.text('approver') ?? session.user,
      expires: endOf(given.text('expires') ?? ''),
    })
    const { exception, devices } = answer
    const { id, check, expiresAt } = exception
    const text = () =>
      `${id}: ${check} is excepted for ${whom(exception)} until ${moment(expiresAt)}. That is ${counted(devices, 'device')} now.`
    return { json: answer, text }
  },
})

const targetOf = (name: 'tag' | 'group', it: string | undefined) => (it === undefined ? {} : { [name]: it })

const parseDuration = parserOf(Duration)

/** A length of time is left to the clock of the collector. */
function endOf(given: string): string {
  return parseDuration(given).ok ? given : timeGiven(given, '--expires', 'end').toISOString()
}

function whom({ device, tag, group }: Exception): string {
  if (device !== null) return `device ${shortId(device)}`
  return tag !== null ? `the tag "${tag}"` : `the group "${group}"`
}

const list = defineCommand({
  summary: 'Lists the exceptions in force, the newest first.',
  options: { all: { type: 'boolean', help: 'also those that are over' } },
  async run(given, session) {
    const found = await eachPage((page) => session.ask('exception-list', { ...page, all: given.has('all') }))
    const text = () =>
      found.length === 0
        ? 'There is none.'
        : table(
            ['ID', 'FOR', 'CHECK', 'ENDS', 'APPROVER', 'REASON'],
            found.map((it) => [it.id, whom(it), it.check, ends(it, session.now()), it.approver, it.reason]),
          )
    return { json: found, text }
  },
})

function ends({ endedAt, expiresAt, isInForce }: Exception, now: Date): string {
  if (endedAt !== null) return `ended ${moment(endedAt)}`
  return `${moment(expiresAt)} (${isInForce ? ahead(expiresAt, now) : 'over'})`
}

const end = defineCommand({
  operands: 'ID',
  summary: 'Ends an exception before its time. It counts at once.',
  options: { by: { type: 'string', value: 'NAME', help: 'who ended it; else the user who is logged in' } },
  async run(given, session) {
    const ended = await session.ask('exception-end', { id: given.operand(0), by: given.text('by') ?? session.user })
    return { json: ended, text: () => `${ended.id} is over: ${ended.check} counts again for ${whom(ended)}.` }
  },
})

export const exception: Noun = {
  name: 'exception',
  summary: 'let a check pass for a while: grant, list, end',
  about: `An exception lets one check pass although it does not: for one device, all with a tag, or a group of the policy. It needs
a reason, an approver and an end, at most ${inWords(90 * 86_400_000)} ahead, and is over by itself then. While it lasts, the verdict is
\`excepted\`, wherever the device is shown.`,
  verbs: { grant, list, end },
  examples: `muster-collector exception grant --device dev_8Kd0mWmT --check disk-encryption --expires 14d \\
  --reason "new disk ordered, ticket 4711" --approver ana@example.com
muster-collector exception list
muster-collector exception end exc_Gq2m0vR1xTzE`,
}
