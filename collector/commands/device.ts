import { CHECK_IDS, VERDICTS } from '../../shared/standing.ts'
import type { ActAnswer, ActName } from '../acts/all.ts'
import { defineCommand, UsageError, type Command, type Noun, type Session } from './command.ts'
import { deviceIdOf } from './device-id.ts'
import { deviceText, devicesText } from './device-text.ts'
import { history } from './history.ts'
import { eachPage } from './pages.ts'
import { counted, orDash, shortId } from './wording.ts'

const FILTERS = ['tier', 'check', 'verdict', 'platform', 'tag', 'owner', 'status'] as const

const list = defineCommand({
  summary: 'Lists the devices with the tier that each is admitted to and what does not pass. Every filter has to hold.',
  options: {
    tier: { type: 'string', value: 'TIER', help: 'admitted to this tier' },
    check: {
      type: 'string',
      value: 'CHECK',
      help: `asked for it; with --verdict, with that verdict: ${CHECK_IDS.join(', ')}`,
    },
    verdict: { type: 'string', value: 'VERDICT', help: `some check with it: ${VERDICTS.join(', ')}` },
    platform: { type: 'string', value: 'OS', help: 'windows, macos, linux' },
    tag: { type: 'string', value: 'TAG', help: 'with this tag' },
    owner: { type: 'string', value: 'E-MAIL', help: 'of this owner' },
    status: { type: 'string', value: 'STATUS', help: 'active, pending (waits for approval), locked-out' },
    limit: { type: 'string', value: 'N', help: 'at most so many; else all' },
  },
  async run(given, { ask, terminal, now, patienceMs }) {
    const asked = Object.fromEntries(
      FILTERS.flatMap((name) => (given.text(name) === undefined ? [] : [[name, given.text(name)]])),
    )
    const limit = given.text('limit')
    if (limit !== undefined && !/^[1-9]\d{0,8}$/.test(limit)) throw new UsageError('--limit is a number from 1 on')
    const began = performance.now()
    const told = (count: number) => {
      if (performance.now() - began > patienceMs) terminal.progress(`${counted(count, 'device')} read`)
    }
    const most = limit === undefined ? Infinity : Number(limit)
    const devices = await eachPage((page) => ask('device-list', { ...page, ...asked }), { most, told })
    terminal.progress(null)
    return { json: devices, text: () => devicesText(devices, now()) }
  },
})

const show = defineCommand({
  operands: 'ID',
  summary: 'Shows a device: what it is, which tiers it is admitted to, and every check with why and until when.',
  async run(given, session) {
    const shown = await session.ask('device-show', { id: await deviceIdOf(given.operand(0), session) })
    return { json: shown, text: () => deviceText(shown, session.now()) }
  },
})

type Device = ActAnswer<'device-approve'>
const called = ({ id, hostname }: Device) => `${shortId(id)} (${hostname})`

type OneDevice = Extract<ActName, 'device-approve' | 'device-lock-out' | 'device-readmit' | 'device-remove'>

/** A command that does one thing to one device. */
const onDevice = (act: OneDevice, summary: string, done: (device: Device) => string): Command =>
  defineCommand({
    operands: 'ID',
    summary,
    async run(given, session) {
      const device = await session.ask(act, { id: await deviceIdOf(given.operand(0), session) })
      return { json: device, text: () => done(device) }
    },
  })

const approve = onDevice(
  'device-approve',
  'Admits a new device that waits for it (setting `approval: manual`, or a serial number that was locked out).',
  (device) => `${called(device)} is approved. It is admitted to what its checks allow.`,
)
const lockOut = onDevice(
  'device-lock-out',
  'Admits a device to nothing from this moment on, revokes its attestations, and ends its connection.',
  (device) => `${called(device)} is locked out.`,
)
const readmit = onDevice(
  'device-readmit',
  'Takes back a lock-out.',
  (device) => `${called(device)} is readmitted. It is admitted to what its checks allow.`,
)
const remove = onDevice(
  'device-remove',
  'Forgets a device and its evidence, and revokes its attestations. Its history stays. It may enrol again.',
  (device) => `${called(device)} is removed.`,
)

const tag = defineCommand({
  operands: 'ID',
  summary: 'Gives a device tags, and takes some away. Policy and exceptions may ask for tags.',
  options: {
    add: { type: 'string', multiple: true, value: 'TAG', help: 'may be given more than once' },
    remove: { type: 'string', multiple: true, value: 'TAG', help: 'may be given more than once' },
  },
  async run(given, session) {
    const tags = { add: given.texts('add'), remove: given.texts('remove') }
    if (tags.add.length + tags.remove.length === 0) throw new UsageError('device tag needs --add or --remove')
    const device = await session.ask('device-tag', { id: await deviceIdOf(given.operand(0), session), ...tags })
    return { json: device, text: () => `${called(device)} has the tags: ${orDash(device.tags)}` }
  },
})

const owner = defineCommand({
  operands: 'ID [E-MAIL]',
  summary: "Says whose device it is; without an address it is nobody's.",
  async run(given, session) {
    const id = await deviceIdOf(given.operand(0), session)
    const device = await session.ask('device-owner', { id, owner: given.operands[1] ?? null })
    return { json: device, text: () => `${called(device)} belongs to ${device.owner ?? 'nobody'}.` }
  },
})

const recheck = defineCommand({
  operands: 'ID',
  summary: 'Has a device read everything now.',
  async run(given, session) {
    const answer = await session.ask('device-recheck', { id: await deviceIdOf(given.operand(0), session) })
    return { json: answer, text: () => recheckText(answer, session) }
  },
})

function recheckText({ id, isAsked }: ActAnswer<'device-recheck'>, { isRunning }: Pick<Session, 'isRunning'>): string {
  if (isAsked) return `${shortId(id)} is asked to read everything now.`
  const why = isRunning() ? `${shortId(id)} is not connected` : 'no collector runs here'
  return `Nobody was asked: ${why}. A device reads everything when it connects.`
}

export const device: Noun = {
  name: 'device',
  summary:
    'see devices, and decide about them: list, show, history, approve, lock-out, readmit, remove, tag, owner, recheck',
  about: `ID is the id of a device (dev_...), or as much of its beginning as no other device shares: lists show enough of it.`,
  verbs: { list, show, history, approve, 'lock-out': lockOut, readmit, remove, tag, owner, recheck },
  examples: `muster-collector device list --check disk-encryption --verdict fail
muster-collector device show dev_8Kd0mWmT
muster-collector device history dev_8Kd0mWmT --at 2026-03-03
muster-collector device list --status pending --json`,
}
