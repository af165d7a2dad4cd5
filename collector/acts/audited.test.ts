import { afterEach, beforeEach, expect, test } from 'vitest'
import { actsAtWork, POLICY, type ActsAtWork } from '../../test/fakes/acts.ts'
import { MusterError } from '../../shared/errors.ts'
import { digest } from '../../shared/jws.ts'
import { ACTS, actsOf, type ActName } from './all.ts'
import { CHANGES } from './audited.ts'

let work: ActsAtWork
beforeEach(async () => (work = await actsAtWork()))
afterEach(() => work.close())

const AWAY = { acted: () => Promise.reject(new MusterError('store-unavailable')) }
const NOBODY = `dev_${'x'.repeat(43)}`
const STRICTER = POLICY.replace('[firewall]', '[firewall, screen-lock]')

/** Does an act, with input whose shape only the act itself knows, and gives back its answer. */
const perform = (name: ActName, input: object): Promise<unknown> => work.acts(name, input)

test('every act that changes something is on record before and after, with who, what and the outcome', async () => {
  const id = await work.device({})
  await work.acts('policy-apply', { document: STRICTER, author: 'anna' })
  const granted = await work.acts('exception-grant', {
    device: id,
    check: 'firewall',
    reason: 'r',
    approver: 'ben',
    expires: '1d',
  })
  const made = await work.acts('gateway-create', { name: 'wiki', scopes: ['decide'] })
  const inputs: [ActName, object, target: string | null][] = [
    ['policy-rollback', { to: 1, author: 'anna' }, '3'],
    ['exception-end', { id: granted.exception.id, by: 'anna' }, granted.exception.id],
    ['device-tag', { id, add: ['lab'] }, id],
    ['device-owner', { id, owner: 'anna@example.com' }, id],
    ['device-recheck', { id }, id],
    ['device-lock-out', { id }, id],
    ['device-readmit', { id }, id],
    ['device-remove', { id }, id],
    ['gateway-revoke', { id: made.id }, made.id],
    ['releases-refresh', {}, null],
    ['key-rotate', {}, 'second'],
    ['token-create', { uses: 1, lifeSeconds: 60, tags: [], owner: null }, null],
  ]
  for (const [name, input, target] of inputs) {
    work.audited.length = 0
    await perform(name, input)
    expect(work.audited).toEqual([
      expect.objectContaining({ who: 'user anna', act: name, details: { outcome: 'begun', input } }),
      expect.objectContaining({ who: 'user anna', act: name, target, details: { outcome: 'done' } }),
    ])
  }
})

test('a new policy, exception and gateway are named by what they came to be called', async () => {
  await work.acts('policy-apply', { document: STRICTER, author: 'anna' })
  const made = await work.acts('gateway-create', { name: 'wiki', scopes: ['decide'] })
  expect(work.audited.map(({ act, target, details }) => [act, target, details])).toEqual([
    ['policy-apply', null, { outcome: 'begun', input: { documentDigest: digest(STRICTER), author: 'anna' } }],
    ['policy-apply', '2', { outcome: 'done' }],
    ['gateway-create', null, { outcome: 'begun', input: { name: 'wiki', scopes: ['decide'] } }],
    ['gateway-create', made.id, { outcome: 'done' }],
  ])
  expect(JSON.stringify(work.audited)).not.toContain(made.key)
})

test('a secret that an act answers with is nowhere on record', async () => {
  const { enrollment } = await work.acts('token-create', { uses: 1, lifeSeconds: 60, tags: [], owner: null })
  expect(JSON.stringify(work.audited)).not.toContain(enrollment.slice(-20))
})

test('an act that is refused is on record with why', async () => {
  await expect(work.acts('device-remove', { id: NOBODY })).rejects.toMatchObject({ code: 'device-unknown' })
  expect(work.audited.map(({ target, details }) => [target, details])).toEqual([
    [NOBODY, { outcome: 'begun', input: { id: NOBODY } }],
    [NOBODY, { outcome: 'refused', code: 'device-unknown' }],
  ])
})

test('where it cannot be put on record, nothing is done', async () => {
  const acts = actsOf({ ...work.parts, audit: AWAY })('user anna')
  const made = acts('gateway-create', { name: 'wiki', scopes: ['decide'] })
  await expect(made).rejects.toMatchObject({ code: 'store-unavailable' })
  expect(work.parts.gateways.list()).toEqual([])
  expect(await acts('gateway-list', {})).toMatchObject({ items: [] })
})

test('what only reads is not on record, and there is nothing else that is not', async () => {
  await work.acts('device-list', {})
  await work.acts('policy-dry-run', { document: STRICTER })
  expect(work.audited).toEqual([])
  const reading = Object.keys(ACTS).filter((name) => CHANGES[name as ActName] === null)
  expect(reading.filter((name) => !/-(list|show|find|diff|dry-run|progress|history|state-at)$/.test(name))).toEqual([])
})
