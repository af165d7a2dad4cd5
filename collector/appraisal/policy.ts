import { Type, type Static } from 'typebox'
import { LineCounter, isNode, parseDocument } from 'yaml'
import { MusterError } from '../../shared/errors.ts'
import { oneOf, parserOf, strict, text } from '../../shared/schema.ts'
import { CHECK_IDS, type CheckId } from '../../shared/standing.ts'
import { Duration, milliseconds } from './duration.ts'
import type { DeviceProfile } from './profile.ts'
import type { Asked } from './rule.ts'
import { RULES } from './rules/all.ts'
import { plainValues } from './yaml.ts'

const Mode = oneOf(['enforce', 'report'])
const Unknown = oneOf(['fail', 'grace'])
const Name = Type.String({ pattern: '^[a-z][a-z0-9-]{0,39}$' })
const CheckName = oneOf(CHECK_IDS)
const CheckNames = Type.Array(CheckName, { maxItems: CHECK_IDS.length })

/** The parameters of one check: its rule's own, `grace` and `mode`. */
const checkSchema = (id: CheckId) =>
  strict({ ...RULES[id].parameters, grace: Type.Optional(Duration), mode: Type.Optional(Mode) })

const Checks = strict({
  'os-supported': Type.Optional(checkSchema('os-supported')),
  'os-patch': Type.Optional(checkSchema('os-patch')),
  'disk-encryption': Type.Optional(checkSchema('disk-encryption')),
  'endpoint-protection': Type.Optional(checkSchema('endpoint-protection')),
  firewall: Type.Optional(checkSchema('firewall')),
  'screen-lock': Type.Optional(checkSchema('screen-lock')),
  'secure-boot': Type.Optional(checkSchema('secure-boot')),
})

/** The policy as an admin writes it: one YAML document. */
const PolicyDocument = strict({
  version: Type.Literal(1),
  freshness: Duration,
  tiers: Type.Record(Name, Type.Union([CheckNames, strict({ checks: CheckNames, unknown: Type.Optional(Unknown) })]), {
    minProperties: 1,
    maxProperties: 32,
    additionalProperties: false,
  }),
  checks: Type.Optional(Checks),
  unknown: Type.Optional(Unknown),
  'enrolment-grace': Type.Optional(Duration),
  resources: Type.Optional(Type.Array(strict({ match: text(300), tier: Name }), { maxItems: 1000 })),
  'default-tier': Name,
  groups: Type.Optional(
    Type.Record(
      Name,
      strict({
        tags: Type.Optional(Type.Array(text(60), { maxItems: 1000 })),
        owners: Type.Optional(Type.Array(text(254), { maxItems: 10_000 })),
        devices: Type.Optional(Type.Array(text(60), { maxItems: 10_000 })),
      }),
      { maxProperties: 200, additionalProperties: false },
    ),
  ),
  overrides: Type.Optional(
    Type.Array(
      strict({
        when: strict({
          platform: Type.Optional(oneOf(['windows', 'macos', 'linux'])),
          tag: Type.Optional(text(60)),
          group: Type.Optional(Name),
        }),
        checks: Checks,
      }),
      { maxItems: 200 },
    ),
  ),
})
type PolicyDocument = Static<typeof PolicyDocument>
type CheckParameters = Record<string, unknown> & { grace?: string; mode?: 'enforce' | 'report' }

/** A check as the policy asks it of one device. */
export type CheckAsked = Asked & { graceMs: number; mode: 'enforce' | 'report' }

export type Tier = {
  name: string
  /** Every check that it needs: its own and those of the tiers before it. */
  checks: readonly CheckId[]
  unknown: 'fail' | 'grace'
}

/** The policy in force, ready to be asked. */
export type Policy = {
  freshnessMs: number
  enrolmentGraceMs: number
  tiers: readonly Tier[]
  defaultTier: string
  /** The resource map: addresses without scheme and query, as `payroll.example.com/a`. */
  resources: readonly { pattern: RegExp; tier: string }[]
  /** The names of all groups. */
  groups: readonly string[]
  /** The groups of the policy that the device is a member of, in the order of the document. */
  groupsOf(device: DeviceProfile): readonly string[]
  /** The checks that some tier needs, with the parameters for this device. */
  checksFor(device: DeviceProfile): ReadonlyMap<CheckId, CheckAsked>
}

const parseShape = parserOf(PolicyDocument)

/**
 * Reads a policy document.
 * @throws MusterError `policy-invalid`, with the line of what is wrong
 */
export function parsePolicy(yaml: string): Policy {
  const lines = new LineCounter()
  const document = parseDocument(yaml, { lineCounter: lines })
  const values = plainValues(document)
  if (!values.ok) throw new MusterError('policy-invalid', values.problem)
  const shape = parseShape(values.value)
  if (!shape.ok) {
    const node = document.getIn(pathOf(shape.problem), true)
    const at = isNode(node) && node.range ? `line ${lines.linePos(node.range[0]).line}: ` : ''
    throw new MusterError('policy-invalid', at + shape.problem)
  }
  return policyOf(shape.value)
}

/** The path at the front of a problem, as `tiers.internal.0 must be ...` begins. */
function pathOf(problem: string): string[] {
  const [where = ''] = problem.split(' ')
  return where === 'it' ? [] : where.split('.')
}

function policyOf(document: PolicyDocument): Policy {
  const tiers = tiersOf(document)
  const names = new Set(tiers.map(({ name }) => name))
  for (const { tier } of document.resources ?? []) requireTier(names, tier, 'resources')
  requireTier(names, document['default-tier'], 'default-tier')
  const needed = new Set(tiers.flatMap(({ checks }) => checks))
  for (const { when } of document.overrides ?? []) {
    if (when.group !== undefined && !Object.hasOwn(document.groups ?? {}, when.group)) {
      throw new MusterError('policy-invalid', `overrides: there is no group "${when.group}"`)
    }
  }
  const prepared = new Map<string, ReadonlyMap<CheckId, CheckAsked>>()
  const members = Object.entries(document.groups ?? {})
  const groupsOf = (device: DeviceProfile) =>
    members.filter(([, group]) => isMember(group, device)).map(([name]) => name)

  return {
    freshnessMs: milliseconds(document.freshness),
    enrolmentGraceMs: milliseconds(document['enrolment-grace'] ?? '0d'),
    tiers,
    defaultTier: document['default-tier'],
    resources: (document.resources ?? []).map(({ match, tier }) => ({ pattern: patternOf(match), tier })),
    groups: members.map(([name]) => name),
    groupsOf,
    checksFor(device) {
      const { platform, tags } = device
      const groups = groupsOf(device)
      const overrides = (document.overrides ?? []).filter(
        ({ when }) =>
          (when.platform === undefined || when.platform === platform) &&
          (when.tag === undefined || tags.includes(when.tag)) &&
          (when.group === undefined || groups.includes(when.group)),
      )
      // Devices that the same overrides apply to share their prepared checks.
      const key = overrides.map((override) => document.overrides?.indexOf(override)).join()
      const known = prepared.get(key)
      if (known) return known
      const checks = new Map<CheckId, CheckAsked>()
      for (const id of CHECK_IDS.filter((check) => needed.has(check))) {
        const layers = [document.checks?.[id], ...overrides.map((override) => override.checks[id])]
        checks.set(id, prepare(id, Object.assign({}, ...layers.filter((layer) => layer !== undefined))))
      }
      prepared.set(key, checks)
      return checks
    },
  }
}

type Group = NonNullable<PolicyDocument['groups']>[string]

/** One entry that fits is enough. `*` in an address stands for anything but an @. */
function isMember({ tags = [], owners = [], devices = [] }: Group, device: DeviceProfile): boolean {
  const owner = device.owner?.toLowerCase()
  return (
    devices.includes(device.id) ||
    tags.some((tag) => device.tags.includes(tag)) ||
    (owner !== undefined && owners.some((it) => ownerPattern(it).test(owner)))
  )
}

function ownerPattern(owner: string): RegExp {
  const parts = owner.toLowerCase().split('*')
  return new RegExp(`^${parts.map((part) => part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)).join('[^@]*')}$`)
}

function prepare(id: CheckId, { grace = '0m', mode = 'enforce', ...own }: CheckParameters): CheckAsked {
  const asked = RULES[id].prepare(own)
  if (!asked.ok) throw new MusterError('policy-invalid', `checks.${id}: ${asked.problem}`)
  return { ...asked.value, graceMs: milliseconds(grace), mode }
}

function tiersOf(document: PolicyDocument): Tier[] {
  const needed = new Set<CheckId>()
  return Object.entries(document.tiers).map(([name, given]) => {
    const { checks, unknown }: { checks: CheckId[]; unknown?: Tier['unknown'] } = Array.isArray(given)
      ? { checks: given }
      : given
    for (const check of checks) needed.add(check)
    return { name, checks: [...needed], unknown: unknown ?? document.unknown ?? 'fail' }
  })
}

function requireTier(names: ReadonlySet<string>, tier: string, where: string): void {
  if (names.has(tier)) return
  throw new MusterError('policy-invalid', `${where}: there is no tier "${tier}"; there are ${[...names].join(', ')}`)
}

/** `*` stands for anything but a slash, `**` for anything. A pattern without a slash covers a whole host. */
function patternOf(match: string): RegExp {
  const whole = match.includes('/') ? match : `${match}/**`
  const parts = whole.split(/(\*\*|\*)/).map((part) => {
    if (part === '**') return '.*'
    return part === '*' ? '[^/]*' : part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)
  })
  return new RegExp(`^${parts.join('')}$`, 's')
}
