import { setTimeout as wait } from 'node:timers/promises'
import type { ActAnswer } from '../acts/all.ts'
import { defineCommand, UsageError, type Noun, type Said, type Session } from './command.ts'
import { dryRunText } from './dry-run.ts'
import { eachPage } from './pages.ts'
import { table } from './table.ts'
import { counted, moment, number } from './wording.ts'

const AUTHOR = { type: 'string', value: 'NAME', help: 'who answers for it; else the user who is logged in' } as const
const NO_WAIT = { type: 'boolean', help: 'come back at once, and leave the judging to the collector' } as const

const apply = defineCommand({
  operands: 'FILE',
  summary:
    'Puts a policy in force, and waits until all devices are judged by it. It counts at once for whoever is asked about.',
  options: {
    'dry-run': { type: 'boolean', help: 'change nothing; say which devices would gain or lose which tier' },
    all: { type: 'boolean', help: 'with --dry-run: name every device, however many' },
    'no-wait': NO_WAIT,
    author: AUTHOR,
  },
  async run(given, session) {
    const document = session.readFile(given.operand(0))
    if (given.has('dry-run')) return dryRun(document, { isAll: given.has('all') || given.has('json') }, session)
    const applied = await session.ask('policy-apply', { document, author: given.text('author') ?? session.user })
    return inForce(applied, given.has('no-wait'), session)
  },
})

const rollback = defineCommand({
  operands: '[VERSION]',
  summary: 'Puts an earlier version in force again, as a new one: the one before, where none is named.',
  options: { 'no-wait': NO_WAIT, author: AUTHOR },
  async run(given, session) {
    const to = given.operands.length > 0 ? { to: versionOf(given.operand(0)) } : {}
    const applied = await session.ask('policy-rollback', { ...to, author: given.text('author') ?? session.user })
    return inForce(applied, given.has('no-wait'), session)
  },
})

/** How many devices are named on a terminal. */
const NAMED = 40

async function dryRun(document: string, { isAll }: { isAll: boolean }, session: Session): Promise<Said> {
  const answer = await session.ask('policy-dry-run', { document, limit: isAll ? 1_000_000 : NAMED })
  return { json: answer, text: () => dryRunText(answer, session) }
}

type Applied = ActAnswer<'policy-apply'>

async function inForce(applied: Applied, noWait: boolean, session: Session): Promise<Said> {
  const { version, isNew, devices } = applied
  if (!isNew)
    return { json: applied, text: () => `Version ${version} of the policy is this one already. Nothing changed.` }
  const began = performance.now()
  const isRunning = session.isRunning()
  if (isRunning && !noWait) await judged(applied, session)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  const head = `Version ${version} of the policy is in force.`
  return {
    json: applied,
    text() {
      if (!isRunning) return `${head} No collector runs here: it counts from the next start.`
      return noWait
        ? `${head} ${counted(devices, 'device')} are being judged again.`
        : `${head} ${counted(devices, 'device')} judged again in ${seconds} s.`
    },
  }
}

const LOOK_MS = 100

/** Waits until the devices are judged again, or until another policy is in force. */
async function judged({ version }: Applied, { ask, terminal, patienceMs }: Session): Promise<void> {
  const began = performance.now()
  for (;;) {
    const now = await ask('policy-progress', {})
    if (now.version !== version || now.done >= now.total) break
    if (performance.now() - began > patienceMs) {
      terminal.progress(`${number(now.done)} of ${counted(now.total, 'device')} judged again`)
    }
    await wait(LOOK_MS)
  }
  terminal.progress(null)
}

const list = defineCommand({
  summary: 'Lists the versions, the newest first.',
  async run(_given, { ask }) {
    const versions = await eachPage((page) => ask('policy-list', page))
    const text = () =>
      table(
        ['VERSION', 'SINCE', 'BY', 'FROM'],
        versions.map(({ version, appliedAt, author, source, restores }, index) => [
          index === 0 ? `${version} (in force)` : String(version),
          moment(appliedAt),
          author,
          restores === null ? SOURCES[source] : `version ${restores}, put back`,
        ]),
      )
    return { json: versions, text }
  },
})

const SOURCES = { default: 'the release', file: 'the policy file of the configuration', apply: 'policy apply' } as const

const show = defineCommand({
  operands: '[VERSION]',
  summary: 'Prints a version as it was written; the one in force, where none is named.',
  async run(given, session) {
    const version = given.operands.length > 0 ? { version: versionOf(given.operand(0)) } : {}
    const answer = await session.ask('policy-show', version)
    if (given.has('json')) return { json: answer, text: () => '' }
    session.terminal.write(answer.document)
    return null
  },
})

const diff = defineCommand({
  operands: '[VERSION|FILE] [VERSION]',
  summary:
    'Says what differs, by meaning: the version before and the one in force; a version and the one in force; two versions; or the one in force and a file.',
  async run(given, session) {
    const [first, second] = given.operands
    const isVersion = first === undefined || VERSION.test(first)
    if (!isVersion && second !== undefined) throw new UsageError('policy diff takes two versions, or one file')
    const answer = await session.ask(
      'policy-diff',
      isVersion
        ? {
            ...(first !== undefined && { from: versionOf(first) }),
            ...(second !== undefined && { to: versionOf(second) }),
          }
        : { document: session.readFile(first) },
    )
    return { json: answer, text: () => diffText(answer, first ?? '') }
  },
})

function diffText({ from, to, changes }: ActAnswer<'policy-diff'>, file: string): string {
  const newer = to === null ? file : `version ${to}`
  if (changes.length === 0) return `Version ${from} and ${newer} say the same.`
  const lines = changes.flatMap(({ path, before, after }) => [
    ...(before === null ? [] : [`- ${path}: ${before}`]),
    ...(after === null ? [] : [`+ ${path}: ${after}`]),
  ])
  return [`From version ${from} to ${newer}:`, ...lines].join('\n')
}

const VERSION = /^\d{1,9}$/

/** @throws UsageError */
function versionOf(given: string): number {
  if (!VERSION.test(given)) throw new UsageError(`"${given}" is no version; see muster-collector policy list`)
  return Number(given)
}

export const policy: Noun = {
  name: 'policy',
  summary: 'what is asked of devices: apply (--dry-run), rollback, list, show, diff',
  about: `A policy is one YAML document: tiers, the checks that each needs, grace, groups and overrides
(docs/policy.md). Each one that came into force is kept as a version, with who put it in force. One that is not right is
refused with the line of everything that is wrong, and the one in force stays.`,
  verbs: { apply, rollback, list, show, diff },
  examples: `muster-collector policy show > policy.yaml      what is in force, to begin with
muster-collector policy apply policy.yaml --dry-run
muster-collector policy apply policy.yaml
muster-collector policy rollback                  as it was before`,
}
