import { Type, type Static } from 'typebox'
import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import { jsonParserOf, nullable } from '../../../shared/schema.ts'

const count = Type.Integer({ minimum: 0, maximum: 1_000_000 })

const Summary = Type.Object({
  num_standard_security_updates: Type.Optional(count),
  num_esm_infra_updates: Type.Optional(count),
  num_esm_apps_updates: Type.Optional(count),
  reboot_required: Type.Optional(Type.String()),
  ua: Type.Optional(Type.Object({ enabled_services: Type.Optional(Type.Array(Type.String())) })),
})
const Update = Type.Object({
  package: Type.String({ minLength: 1 }),
  status: Type.String(),
  /** `standard-security`, `esm-infra`, `esm-apps`, `standard-updates`. */
  provided_by: Type.Optional(Type.String()),
  service_name: Type.Optional(Type.String()),
})

/** `pro security-status --format json`. */
const SecurityStatus = Type.Object({ summary: Summary, packages: Type.Optional(Type.Array(Update)) })

/** `pro api ENDPOINT`: an envelope around what was asked for. */
const ApiAnswer = Type.Object({
  result: Type.Literal('success'),
  data: Type.Object({
    attributes: Type.Object({
      summary: Type.Optional(Summary),
      updates: Type.Optional(Type.Array(Update)),
      reboot_required: Type.Optional(nullable(Type.String())),
    }),
  }),
})

const parse = jsonParserOf(Type.Union([SecurityStatus, ApiAnswer]))

/** What Ubuntu's `pro` tells; what this answer does not tell is null. */
export type ProAnswer = {
  pendingSecurity: number | null
  /** Those that an update stands for that is a security fix, or is not. */
  names: readonly string[]
  rebootRequired: boolean | null
}

/**
 * Reads the JSON of `pro security-status` and of `pro api`. A fix that a newer version replaced counts, since it is
 * missing all the same; one that only a subscription brings does not where there is none.
 */
export function readPro(stdout: string): Fact<ProAnswer> {
  const answer = parse(stdout.slice(Math.max(0, stdout.indexOf('{'))))
  if (!answer.ok) return unreadable(`pro: ${answer.problem}`)
  const it = 'data' in answer.value ? answer.value.data.attributes : answer.value
  const updates = 'updates' in it ? it.updates : 'packages' in it ? it.packages : undefined
  const restart = 'reboot_required' in it ? it.reboot_required : it.summary?.reboot_required
  const available = updates?.filter(({ status }) => status.startsWith('upgrade_available'))
  return value({
    pendingSecurity: it.summary ? fixesOf(it.summary, available) : null,
    names: [...new Set(available?.map((update) => update.package))],
    rebootRequired: restart ? (RESTART.get(restart) ?? null) : null,
  })
}

/** A kernel that is patched while it runs is not a new one. */
const RESTART = new Map([
  ['no', false],
  ['yes', true],
  ['yes-kernel-livepatches-applied', true],
])

function fixesOf(summary: Static<typeof Summary>, available?: readonly Static<typeof Update>[]): number | null {
  const standard = summary.num_standard_security_updates
  if (standard === undefined) return null
  const esm = available?.filter((it) => (it.provided_by ?? it.service_name ?? '').startsWith('esm-'))
  if (esm) return standard + esm.length
  const enabled = summary.ua?.enabled_services ?? []
  const infra = enabled.includes('esm-infra') ? (summary.num_esm_infra_updates ?? 0) : 0
  return standard + infra + (enabled.includes('esm-apps') ? (summary.num_esm_apps_updates ?? 0) : 0)
}
