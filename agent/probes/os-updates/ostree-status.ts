import { Type, type Static } from 'typebox'
import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import { jsonParserOf, nullable } from '../../../shared/schema.ts'

/** An advisory travels as `[id, kind, severity, packages, more]`. */
const Advisory = Type.Array(Type.Unknown(), { minItems: 4 })
const Update = Type.Object({
  advisories: Type.Optional(nullable(Type.Array(Advisory))),
  'rpm-diff': Type.Optional(
    nullable(Type.Object({ upgraded: Type.Optional(Type.Array(Type.Array(Type.Unknown(), { minItems: 1 }))) })),
  ),
})
const Status = Type.Object({
  deployments: Type.Array(
    Type.Object({ booted: Type.Optional(Type.Boolean()), staged: Type.Optional(Type.Boolean()) }),
    {
      minItems: 1,
    },
  ),
  'cached-update': Type.Optional(nullable(Update)),
})
const parse = jsonParserOf(Status)

/** libdnf's number for "security" among the kinds of advisories. */
const SECURITY = 1

export type OstreeStatus = {
  /** The update that was found last; null where none was found, or nobody looked. */
  update: { pending: ReadonlySet<string> | null; security: ReadonlySet<string> | null } | null
  rebootRequired: boolean
}

/** Reads `rpm-ostree status --json`. */
export function readOstreeStatus(stdout: string): Fact<OstreeStatus> {
  const status = parse(stdout)
  if (!status.ok) return unreadable(`rpm-ostree: ${status.problem}`)
  const { deployments, 'cached-update': update } = status.value
  const [next] = deployments
  if (!deployments.some(({ booted }) => booted === true)) return unreadable('rpm-ostree does not tell what was started')
  return value({
    update: update ? updateOf(update) : null,
    // The first one is what the next start takes.
    rebootRequired: next?.booted !== true || deployments.some(({ staged }) => staged === true),
  })
}

function updateOf(update: Static<typeof Update>): OstreeStatus['update'] {
  const packages = update.advisories?.flatMap(([, kind, , names]) =>
    kind === SECURITY && Array.isArray(names) ? names.map((nevra) => nameOf(String(nevra))) : [],
  )
  const upgraded = update['rpm-diff']?.upgraded?.map(([name]) => String(name))
  return {
    // Without any advisory it may be that rpm-ostree has no list of them.
    security: packages && update.advisories?.length ? new Set(packages) : null,
    pending: upgraded ? new Set(upgraded) : null,
  }
}

/** `openssl` of `openssl-1:3.0.7-28.fc39.x86_64`. */
function nameOf(nevra: string): string {
  return /^(\S+)-[^\s-]+-[^\s-]+$/.exec(nevra)?.[1] ?? nevra
}
