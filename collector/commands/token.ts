import { parserOf } from '../../shared/schema.ts'
import { Duration, milliseconds } from '../appraisal/duration.ts'
import { defineCommand, UsageError, type Noun } from './command.ts'

const parseDuration = parserOf(Duration)

const create = defineCommand({
  summary: 'Prints an enrolment string, this once: only its hash is kept.',
  options: {
    uses: { type: 'string', value: 'N', help: 'for so many devices; else 1' },
    expires: { type: 'string', value: 'TIME', help: 'for how long it is good; else 7d' },
    tag: { type: 'string', multiple: true, value: 'TAG', help: 'a tag of every device that enrols with it' },
    owner: { type: 'string', value: 'E-MAIL', help: 'whose devices they are' },
  },
  async run(given, session) {
    const [uses, expires] = [given.text('uses') ?? '1', given.text('expires') ?? '7d']
    if (!/^\d{1,6}$/.test(uses)) throw new UsageError('--uses is a number')
    if (!parseDuration(expires).ok) throw new UsageError('--expires is a time such as 24h or 7d')
    const answer = await session.ask('token-create', {
      uses: Number(uses),
      lifeSeconds: milliseconds(expires) / 1000,
      tags: given.texts('tag'),
      owner: given.text('owner') ?? null,
    })
    return { json: answer, text: () => answer.enrollment }
  },
})

export const token: Noun = {
  name: 'token',
  summary: 'enrolment strings for laptops: create',
  about: `A laptop joins with an enrolment string: muster-agent enroll STRING, as root. The string holds the address of the
collector, the hash of its key where the certificate signed itself, and a secret.`,
  verbs: { create },
  examples: `muster-collector token create --owner ana@example.com
muster-collector token create --uses 50 --expires 24h --tag lab --json`,
}
