import { Type, type Static } from 'typebox'
import { oneOf, strict, text } from '../../shared/schema.ts'
import { CHECK_IDS, type CheckId } from '../../shared/standing.ts'
import { durationBetween } from './duration.ts'
import { ownerProblem } from './policy-groups.ts'
import { matchProblem } from './policy-resources.ts'
import { RULES } from './rules/all.ts'

/** Characters of a policy; the default one has two thousand. */
export const POLICY_CHARS = 256 * 1024

const NAME = 'a name of small letters, digits and hyphens that begins with a letter'
const Name = Type.String({ pattern: '^[a-z][a-z0-9-]{0,39}$', description: NAME })
const Mode = oneOf(['enforce', 'report'])
const Unknown = oneOf(['fail', 'grace'])
const Grace = durationBetween('0m', '366d')
const Tag = Type.String({ minLength: 1, maxLength: 60 })
const CheckNames = Type.Array(oneOf(CHECK_IDS), { maxItems: CHECK_IDS.length })

/** The parameters of one check: its rule's own, `grace` and `mode`. */
const checkSchema = (id: CheckId) =>
  strict({ ...RULES[id].parameters, grace: Type.Optional(Grace), mode: Type.Optional(Mode) })

const Checks = strict({
  'os-supported': Type.Optional(checkSchema('os-supported')),
  'os-patch': Type.Optional(checkSchema('os-patch')),
  'disk-encryption': Type.Optional(checkSchema('disk-encryption')),
  'endpoint-protection': Type.Optional(checkSchema('endpoint-protection')),
  firewall: Type.Optional(checkSchema('firewall')),
  'screen-lock': Type.Optional(checkSchema('screen-lock')),
  'secure-boot': Type.Optional(checkSchema('secure-boot')),
})

const Tier = Type.Union([CheckNames, strict({ checks: CheckNames, unknown: Type.Optional(Unknown) })], {
  description: 'a list of checks, or a map of checks and unknown',
})

const DeviceId = Type.String({ pattern: '^dev_[A-Za-z0-9_-]{1,60}$', description: 'the id of a device (dev_...)' })

/** A text in which a function finds no problem. */
const textWithout = (problemOf: (it: string) => string | null, maxLength: number) =>
  Type.Refine(
    text(maxLength),
    (it: string) => problemOf(it) === null,
    (it) => String(problemOf(it)),
  )

const Group = strict({
  tags: Type.Optional(Type.Array(Tag, { maxItems: 1000 })),
  owners: Type.Optional(Type.Array(textWithout(ownerProblem, 254), { maxItems: 5000 })),
  devices: Type.Optional(Type.Array(DeviceId, { maxItems: 5000 })),
})

/** The policy as an admin writes it: one YAML document. */
export const PolicyDocument = strict({
  version: Type.Literal(1),
  freshness: durationBetween('1s', '31d'),
  tiers: Type.Record(Name, Tier, {
    minProperties: 1,
    maxProperties: 32,
    additionalProperties: false,
    description: NAME,
  }),
  checks: Type.Optional(Checks),
  unknown: Type.Optional(Unknown),
  'enrolment-grace': Type.Optional(Grace),
  groups: Type.Optional(
    Type.Record(Name, Group, { maxProperties: 200, additionalProperties: false, description: NAME }),
  ),
  resources: Type.Optional(
    Type.Array(
      strict({
        match: textWithout(matchProblem, 300),
        tier: Name,
      }),
      { maxItems: 1000 },
    ),
  ),
  'default-tier': Name,
  overrides: Type.Optional(
    Type.Array(
      strict({
        when: strict({
          platform: Type.Optional(oneOf(['windows', 'macos', 'linux'])),
          tag: Type.Optional(Tag),
          group: Type.Optional(Name),
        }),
        checks: Checks,
      }),
      { maxItems: 200 },
    ),
  ),
})
export type PolicyDocument = Static<typeof PolicyDocument>
