import { Type } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { Time } from '../../shared/fact.ts'
import { nullable, oneOf, strict } from '../../shared/schema.ts'
import { POLICY_CHARS } from '../appraisal/policy-document.ts'
import { policyDiff } from '../appraisal/policy-diff.ts'
import type { PolicyInForce } from '../fleet/judge.ts'
import type { PolicyRecord } from '../store/store.ts'
import { defineAct, type ActParts } from './act.ts'
import { PageAsked, pageOf, pageSchema } from './page.ts'

const Document = Type.String({ minLength: 1, maxLength: POLICY_CHARS })
const Author = Type.String({ minLength: 1, maxLength: 200 })
const VersionNumber = Type.Integer({ minimum: 1 })

const Version = {
  version: VersionNumber,
  digest: Type.String(),
  appliedAt: Time,
  author: Type.String(),
  source: oneOf(['default', 'file', 'apply']),
  /** The version that was put back, where it was a roll back. */
  restores: nullable(VersionNumber),
}

const Applied = strict({
  version: VersionNumber,
  digest: Type.String(),
  since: Time,
  author: Type.String(),
  /** False where it was in force already. */
  isNew: Type.Boolean(),
  /** How many devices are judged again. */
  devices: Type.Integer(),
})

export const applyPolicy = defineAct({
  input: strict({ document: Document, author: Author }),
  answer: Applied,
  run: (parts, input) => applied(parts, () => parts.policies.apply(input)),
})

export const rollBackPolicy = defineAct({
  input: strict({ to: Type.Optional(VersionNumber), author: Author }),
  answer: Applied,
  run: (parts, input) => applied(parts, () => parts.policies.rollback(input)),
})

async function applied({ policies, fleet }: ActParts, change: () => Promise<PolicyInForce>) {
  const before = policies.inForce().version
  const { version, digest, since, author } = await change()
  const isNew = version !== before
  const devices = isNew ? fleet.progress().total : 0
  return { version, digest, since: since.toISOString(), author, isNew, devices }
}

export const policyProgress = defineAct({
  input: strict({}),
  answer: strict({ version: VersionNumber, done: Type.Integer(), total: Type.Integer() }),
  run: async ({ policies, fleet }) => ({ version: policies.inForce().version, ...fleet.progress() }),
})

export const listPolicies = defineAct({
  input: strict(PageAsked),
  answer: pageSchema(strict(Version)),
  async run({ policies }, asked) {
    const newestFirst = (await policies.versions()).toReversed()
    const { items, next } = pageOf(newestFirst, asked, ({ version }) => String(version))
    return { items: items.map(shown), next }
  },
})

export const showPolicy = defineAct({
  input: strict({ version: Type.Optional(VersionNumber) }),
  answer: strict({ ...Version, isInForce: Type.Boolean(), document: Type.String() }),
  async run({ policies }, { version }) {
    const { version: current } = policies.inForce()
    const wanted = version ?? current
    const record = (await policies.versions()).find((it) => it.version === wanted)
    if (!record) throw new MusterError('policy-version-unknown', `there is no version ${wanted} of the policy`)
    return { ...shown(record), isInForce: wanted === current, document: await policies.document(wanted) }
  },
})

function shown({ appliedAt, ...record }: PolicyRecord) {
  const { version, digest, author, source, restores } = record
  return { version, digest, appliedAt: appliedAt.toISOString(), author, source, restores }
}

export const diffPolicies = defineAct({
  /** A version with the one in force, two versions, or a version (else the one in force) with a document. */
  input: strict({
    from: Type.Optional(VersionNumber),
    to: Type.Optional(VersionNumber),
    document: Type.Optional(Document),
  }),
  answer: strict({
    from: VersionNumber,
    /** Null for the document. */
    to: nullable(VersionNumber),
    /** By meaning, not by line; null where a side has nothing there. */
    changes: Type.Array(
      strict({ path: Type.String(), before: nullable(Type.String()), after: nullable(Type.String()) }),
    ),
  }),
  async run({ policies }, { from, to, document }) {
    const current = policies.inForce().version
    if (document !== undefined) {
      if (to !== undefined)
        throw new MusterError('request-invalid', 'a document is compared with one version, not with two')
      const base = from ?? current
      return { from: base, to: null, changes: policyDiff(await policies.document(base), document) }
    }
    const newer = to ?? current
    const older = from ?? Math.max(1, newer - 1)
    const changes = policyDiff(await policies.document(older), await policies.document(newer))
    return { from: older, to: newer, changes }
  },
})

const TierChanges = Type.Array(strict({ tier: Type.String(), checks: Type.Array(Type.String()) }))
const Names = Type.Array(Type.String())

export const dryRunPolicy = defineAct({
  input: strict({
    document: Document,
    /** How many devices are named at most; all are counted. */
    limit: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  }),
  answer: strict({
    /** How many were compared, and how many are not as before. */
    devices: Type.Integer(),
    changed: Type.Integer(),
    tiers: Type.Array(
      strict({
        tier: Type.String(),
        before: Type.Integer(),
        after: Type.Integer(),
        gain: Type.Integer(),
        lose: Type.Integer(),
        willLose: Type.Integer(),
      }),
    ),
    /** Who loses first, then who will, then who gains. */
    changes: Type.Array(
      strict({
        deviceId: Type.String(),
        hostname: Type.String(),
        owner: nullable(Type.String()),
        before: Names,
        after: Names,
        gains: TierChanges,
        loses: TierChanges,
        willLose: Type.Array(strict({ tier: Type.String(), checks: Names, on: Time })),
      }),
    ),
  }),
  async run({ policies }, { document, limit = 1000 }) {
    const { devices, tiers, changes } = await policies.dryRun(document)
    return { devices, changed: changes.length, tiers, changes: changes.slice(0, limit) }
  },
})
