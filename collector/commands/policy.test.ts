import { testCollector } from '../../test/fakes/collector.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ActAnswer, ActName, Acts } from '../acts/all.ts'
import { readConfig } from '../config.ts'
import { policy } from './policy.ts'
import type { Given, Session } from './command.ts'
import { openSession } from './session.ts'

const given = (...flags: string[]): Given => ({
  operands: ['FILE'],
  operand: () => 'FILE',
  has: (name) => flags.includes(name),
  text: () => undefined,
  texts: () => [],
})

const nothing = () => undefined

type Answers = { [Name in ActName]?: ActAnswer<Name>[] }

/** A session with a collector that answers what it is told to, one after the other. */
function answering(answers: Answers): { session: Session; progress: (string | null)[] } {
  const progress: (string | null)[] = []
  const ask = (async (name: ActName) => {
    const next = answers[name]?.shift()
    if (next === undefined) throw new Error(`${name} was not expected`)
    return next
  }) as unknown as Acts
  const terminal = {
    print: nothing,
    printError: nothing,
    printJson: nothing,
    write: nothing,
    progress: (text: string | null) => void progress.push(text),
  }
  const around = { isRunning: () => true, user: 'anna', now: () => new Date(), patienceMs: -1, readFile: () => '' }
  return { session: { config: readConfig({}, {}), ask, terminal, ...around }, progress }
}

const applied = { version: 2, digest: 'd', since: '2026-11-25T10:00:00Z', author: 'anna', isNew: true, devices: 10_000 }

test('whoever waits for a policy sees how many devices are judged again', async () => {
  const { session, progress } = answering({
    'policy-apply': [applied],
    'policy-progress': [
      { version: 2, done: 1204, total: 10_000 },
      { version: 2, done: 10_000, total: 10_000 },
    ],
  })
  const said = await policy.verbs['apply']?.run(given(), session)
  expect(progress).toEqual(['1,204 of 10,000 devices judged again', null])
  expect(said?.text()).toMatch(/^Version 2 of the policy is in force\. 10,000 devices judged again in /)
})

test('whoever does not wait comes back at once', async () => {
  const { session, progress } = answering({ 'policy-apply': [applied] })
  const said = await policy.verbs['apply']?.run(given('no-wait'), session)
  expect([said?.text(), progress]).toEqual([
    'Version 2 of the policy is in force. 10,000 devices are being judged again.',
    [],
  ])
})

test('nobody waits for a policy that another one has replaced', async () => {
  const { session } = answering({ 'policy-apply': [applied], 'policy-progress': [{ version: 3, done: 0, total: 5 }] })
  expect(await policy.verbs['apply']?.run(given(), session)).not.toBeNull()
})

test('an act that takes long is told of, and what was told is taken away', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-session-'))
  await (await testCollector({ folder })).close()
  const {
    session: { terminal },
    progress,
  } = answering({})
  const session = openSession(readConfig({ data: folder }, {}), terminal, 0)
  await session.ask('policy-list', {})
  expect(progress[0]).toBe('still at it, for 0 s')
  expect(progress.at(-1)).toBeNull()
  rmSync(folder, { recursive: true, force: true })
})
