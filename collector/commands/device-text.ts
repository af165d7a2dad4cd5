import { sentence } from '../../shared/errors.ts'
import type { CheckResult } from '../../shared/standing.ts'
import type { ActAnswer } from '../acts/all.ts'
import { table } from './table.ts'
import { ahead, counted, moment, orDash, shortId } from './wording.ts'

type Row = ActAnswer<'device-list'>['items'][number]
type Shown = ActAnswer<'device-show'>

/** What opens a tier, and so is not worth a word. */
const GOOD = new Set<string>(['pass', 'not-applicable'])

/** Devices for a person, a line each. */
export function devicesText(devices: readonly Row[], now: Date): string {
  if (devices.length === 0) return 'There is none.'
  const rows = devices.map((device) => [
    shortId(device.id),
    device.hostname,
    orDash(device.owner),
    device.platform,
    tierOf(device),
    moment(device.evidenceAt),
    orDash(device.checks.filter(({ verdict }) => !GOOD.has(verdict)).map((check) => inShort(check, now))),
  ])
  const heads = ['ID', 'NAME', 'OWNER', 'SYSTEM', 'ADMITTED TO', 'LAST HEARD', 'DOES NOT PASS']
  return `${table(heads, rows)}\n${counted(devices.length, 'device')}`
}

/** The most sensitive tier; the others are below it. */
function tierOf({ status, tiers }: Pick<Row, 'status' | 'tiers'>): string {
  return status === 'active' ? (tiers.at(-1) ?? 'nothing') : `nothing: ${status}`
}

function inShort({ id, verdict, deadline, mode }: Row['checks'][number], now: Date): string {
  const until = deadline === undefined ? '' : `, ends ${ahead(deadline, now)}`
  return `${id} (${verdict}${until}${mode === 'report' ? ', only reported' : ''})`
}

/** One device for a person: what it is, where it stands, and each check with its reason. */
export function deviceText({ device, standing }: Shown, now: Date): string {
  const facts: [string, string][] = [
    ['Name', device.hostname],
    ['Owner', orDash(device.owner)],
    ['Tags', orDash(device.tags)],
    ['System', device.platform],
    ['Serial number', orDash(device.serial)],
    ['Enrolled', moment(device.enrolledAt)],
    ['Status', device.status + (device.identity === 'recognised' ? '' : `, ${IDENTITY[device.identity]}`)],
    ['Key', device.keyProtection + (device.attested ? ', attested' : '')],
    ['Admitted to', standing.tiers.length === 0 ? 'nothing' : standing.tiers.join(', ')],
    ['Last heard', moment(standing.evidenceAt)],
    [
      'Changes by itself',
      standing.nextChange === null ? '-' : `${moment(standing.nextChange)} (${ahead(standing.nextChange, now)})`,
    ],
    ['Policy', `version ${standing.policyVersion}`],
  ]
  const width = Math.max(...facts.map(([name]) => name.length)) + 2
  const lines = facts.map(([name, it]) => `${name.padEnd(width)}${it}`)
  const checks = table(
    ['CHECK', 'VERDICT', 'SINCE', 'WHY'],
    standing.checks.map((check) => [check.id, verdictOf(check, now), moment(check.since), whyOf(check)]),
  )
  return [device.id, ...lines, '', checks].join('\n')
}

const IDENTITY = {
  conflict: 'but two machines use its key',
  unverified: 'but its last report had a wrong signature',
} as const

function verdictOf({ verdict, deadline, mode }: CheckResult, now: Date): string {
  const until = deadline === undefined ? '' : ` (ends ${ahead(deadline, now)})`
  return `${verdict}${until}${mode === 'report' ? ', only reported' : ''}`
}

function whyOf({ why, exception }: CheckResult): string {
  return exception === undefined
    ? why
    : `${sentence(why)} Excepted by ${exception.approver}: ${exception.reason} (${exception.id})`
}
