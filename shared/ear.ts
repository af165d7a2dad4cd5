import { Type, type TSchema } from 'typebox'
import { oneOf, parserOf, type Parsed } from './schema.ts'
import { EAR_STATUSES, statusOf, type EarStatus } from './standing.ts'

/** The profile that we issue: EAR as draft-ietf-rats-ear-04 has it. */
export const EAR_PROFILE = 'tag:ietf.org,2026:rats/ear#04'

/** How the drafts write an EAR in JSON: with dots up to -02, with underscores since; -04 has other members than -03. */
export type EarForm = 'dotted' | 'draft-03' | 'draft-04'

/** The profiles of the drafts. Other verifiers have their own, which whoever trusts them names. */
export const EAR_PROFILES: Readonly<Record<string, EarForm>> = {
  'tag:github.com,2023:veraison/ear': 'dotted',
  'tag:ietf.org,2025-07:ear': 'dotted',
  'tag:ietf.org,2026:rats/ear#03': 'draft-03',
  [EAR_PROFILE]: 'draft-04',
  'tag:ietf.org,2026:rats/ear#05': 'draft-04', // the editors' copy
}

/** An attestation result as other verifiers write it, too: the claims set of an EAR, in one form. */
export type Ear = {
  profile: string
  /** Seconds, as in a JWT. Whether it is over is for whoever verifies the token. */
  issuedAt: number
  expiresAt: number | null
  verifier: { developer: string; build: string }
  /** What the verifier says of everything together; null where it says nothing. */
  status: EarStatus | null
  nonces: string[]
  /** What was appraised, by its label. Never empty. */
  submods: Record<string, EarAppraisal>
  /** Labels of submodules in a form that is not known here: a nested token, a nested EAR. Nothing is known of them. */
  unread: string[]
  /** Which submodule attests which. */
  topology: Record<string, string[]> | null
}

type EarAppraisal = {
  status: EarStatus
  /** AR4SI codes by claim, each -128 to 127; null where the verifier left the vector out. */
  vector: Record<string, number> | null
  policyIds: string[]
  nonces: string[]
  /** What its extensions mean. */
  profile: string | null
  /** What the verifier took from the evidence, and what it concluded: their shape is that of the profile. */
  attesterClaims: object | null
  verifierClaims: object | null
  /** The key that was attested: its SPKI in base64url. */
  attestedKey: string | null
}

type Names = Record<'verifier' | 'rawEvidence' | 'status' | 'vector' | 'policies', string> &
  Record<'attesterClaims' | 'verifierClaims' | 'keyAttestation', string>

const DOTTED: Names = {
  verifier: 'ear.verifier-id',
  rawEvidence: 'ear.raw-evidence',
  status: 'ear.status',
  vector: 'ear.trustworthiness-vector',
  policies: 'ear.appraisal-policy-id',
  attesterClaims: 'ear.veraison.annotated-evidence',
  verifierClaims: 'ear.veraison.policy-claims',
  keyAttestation: 'ear.veraison.key-attestation',
}
const UNDERSCORE: Names = {
  verifier: 'ear_verifier_id',
  rawEvidence: 'ear_raw_evidence',
  status: 'ear_status',
  vector: 'ear_trustworthiness_vector',
  policies: 'ear_appraisal_policy_ids',
  attesterClaims: 'ear_attester_claims',
  verifierClaims: 'ear_verifier_claims',
  keyAttestation: 'ear_veraison_key_attestation',
}

const Text = Type.String({ minLength: 1 })
const Base64url = Type.String({ pattern: '^[A-Za-z0-9_-]+={0,2}$' })
const Seconds = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Nonce = Type.String({ minLength: 8, maxLength: 88 })
const Nonces = Type.Union([Nonce, Type.Array(Nonce, { minItems: 1 })])
const Status = oneOf(EAR_STATUSES)
const Code = Type.Integer({ minimum: -128, maximum: 127 })
const PolicyIds = Type.Array(Text, { minItems: 1 })
/** A conceptual message wrapper of the kind "record": media type, content, and what kind of message it is. */
const CmwRecord = Type.Union([Type.Tuple([Text, Base64url]), Type.Tuple([Text, Base64url, Type.Integer()])])
const Topology = Type.Record(Type.String(), Type.Array(Text, { minItems: 1 }), { minProperties: 1 })

type FormRules = { names: Names; hasStatus: boolean; hasTopology: boolean; rawEvidence: TSchema; policies: TSchema }

const FORMS: Record<EarForm, FormRules> = {
  dotted: { names: DOTTED, hasStatus: false, hasTopology: false, rawEvidence: Base64url, policies: Text },
  'draft-03': { names: UNDERSCORE, hasStatus: true, hasTopology: false, rawEvidence: Base64url, policies: PolicyIds },
  'draft-04': { names: UNDERSCORE, hasStatus: true, hasTopology: true, rawEvidence: CmwRecord, policies: PolicyIds },
}

/** A claims set with the names of its form replaced by ours. Claims that are not named are ignored, as they have to be. */
function claimsSchema({ rawEvidence }: FormRules) {
  return Type.Object({
    iat: Seconds,
    exp: Type.Optional(Seconds),
    verifier: Type.Object({ developer: Type.String(), build: Type.String() }),
    status: Type.Optional(Status),
    rawEvidence: Type.Optional(rawEvidence),
    eat_nonce: Type.Optional(Nonces),
    submods: Type.Record(Type.String(), Type.Unknown(), { minProperties: 1 }),
    topology: Type.Optional(Topology),
  })
}

function appraisalSchema({ policies }: FormRules) {
  return Type.Object({
    status: Status,
    vector: Type.Optional(Type.Record(Type.String(), Code, { minProperties: 1 })),
    policies: Type.Optional(Type.Unsafe<string | string[]>(policies)),
    eat_nonce: Type.Optional(Nonces),
    eat_profile: Type.Optional(Text),
    attesterClaims: Type.Optional(Type.Object({})),
    verifierClaims: Type.Optional(Type.Object({})),
    keyAttestation: Type.Optional(Type.Object({ akpub: Base64url })),
  })
}

const parsers = {
  dotted: parsersOf(FORMS.dotted),
  'draft-03': parsersOf(FORMS['draft-03']),
  'draft-04': parsersOf(FORMS['draft-04']),
}

function parsersOf(form: FormRules) {
  return { claims: parserOf(claimsSchema(form)), appraisal: parserOf(appraisalSchema(form)) }
}

export type EarOptions = {
  /** The profiles that are read, and the form of each. */
  profiles?: Readonly<Record<string, EarForm>>
  /** Refuses a time such as 1.6e9, which some verifiers write for a whole number, and which JSON cannot tell from one. */
  hasPlainTimes?: boolean
}

/**
 * Reads the claims set of an EAR from the JSON text of a token that was verified. Says what is wrong with it rather than
 * throwing. It is refused where it has another form than its profile, where a member that has to be there is not, and
 * where it says better of something than its own parts do.
 */
export function readEar(
  json: string,
  { profiles = EAR_PROFILES, hasPlainTimes = false }: EarOptions = {},
): Parsed<Ear> {
  return earOf(parseJson(json, hasPlainTimes), profiles)
}

/** The same of claims that somebody has taken out of their JSON already. */
export function earOf(input: unknown, profiles: Readonly<Record<string, EarForm>> = EAR_PROFILES): Parsed<Ear> {
  if (!isObject(input)) return refused('it is not a JSON object')
  const profile = input['eat_profile']
  const formName = typeof profile === 'string' && Object.hasOwn(profiles, profile) ? profiles[profile] : undefined
  if (typeof profile !== 'string' || !formName) return refused('eat_profile is none that is known here')
  const form = FORMS[formName]
  const { names } = form
  const parsed = parsers[formName].claims(
    present({
      iat: input['iat'],
      exp: input['exp'],
      verifier: input[names.verifier],
      status: form.hasStatus ? input[names.status] : undefined,
      rawEvidence: input[names.rawEvidence],
      eat_nonce: input['eat_nonce'],
      submods: input['submods'],
      topology: form.hasTopology ? input['ear_device_topology'] : undefined,
    }),
  )
  if (!parsed.ok) return parsed
  const { iat: issuedAt, exp: expiresAt = null, verifier, status = null, topology = null } = parsed.value
  const nonces = listOf(parsed.value.eat_nonce)

  const read: [label: string, EarAppraisal][] = []
  const unread: string[] = []
  for (const [label, it] of Object.entries(parsed.value.submods)) {
    if (isNested(it)) {
      unread.push(label)
      continue
    }
    const appraisal = readAppraisal(it, formName)
    if (!appraisal.ok) return refused(`submods.${label.slice(0, 60)}: ${appraisal.problem}`)
    read.push([label, appraisal.value])
  }
  if (read.length === 0) return refused('submods has none that can be read')
  // An explicit `none` claims nothing of the whole.
  if (status !== null && status !== 'none' && read.some(([, it]) => isBetter(status, it.status))) {
    return refused(`${names.status} is better than the worst submodule`)
  }
  const { developer, build } = verifier
  const rest = { status, nonces, submods: Object.fromEntries(read), unread, topology }
  return { ok: true, value: { profile, issuedAt, expiresAt, verifier: { developer, build }, ...rest } }
}

function readAppraisal(input: unknown, formName: EarForm): Parsed<EarAppraisal> {
  if (!isObject(input)) return refused('it is not an appraisal')
  const { names } = FORMS[formName]
  const parsed = parsers[formName].appraisal(
    present({
      status: input[names.status],
      vector: input[names.vector],
      policies: input[names.policies],
      eat_nonce: input['eat_nonce'],
      eat_profile: input['eat_profile'],
      attesterClaims: input[names.attesterClaims],
      verifierClaims: input[names.verifierClaims],
      keyAttestation: input[names.keyAttestation],
    }),
  )
  if (!parsed.ok) return parsed
  const { status, vector = null, policies, eat_nonce: nonces, eat_profile: profile = null } = parsed.value
  const { attesterClaims = null, verifierClaims = null, keyAttestation } = parsed.value
  const better = Object.entries(vector ?? {}).find(([, code]) => isBetter(status, statusOf(code)))
  if (better) return refused(`${names.status} is better than ${better[0].slice(0, 60)}`)
  const claims = { attesterClaims, verifierClaims, attestedKey: keyAttestation?.akpub ?? null }
  return {
    ok: true,
    value: { status, vector, policyIds: listOf(policies), nonces: listOf(nonces), profile, ...claims },
  }
}

/** A token within the token, or an EAR within the EAR: no draft that we know has them. */
function isNested(it: unknown): boolean {
  return Array.isArray(it)
    ? it.length === 2 && it.every((part) => typeof part === 'string')
    : isObject(it) && 'submods' in it
}

/** The tiers in the order of AR4SI; a claim of tier `none` claims nothing, so nothing is better than it. */
function isBetter(status: EarStatus, than: EarStatus): boolean {
  const isBad = than === 'warning' || than === 'contraindicated'
  return isBad && EAR_STATUSES.indexOf(status) < EAR_STATUSES.indexOf(than)
}

function refused(problem: string): { ok: false; problem: string } {
  return { ok: false, problem }
}

function listOf(it: string | string[] | undefined): string[] {
  return it === undefined ? [] : [it].flat()
}

function isObject(it: unknown): it is Record<string, unknown> {
  return typeof it === 'object' && it !== null && !Array.isArray(it)
}

/** Without the members that are not there. */
function present(claims: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([, it]) => it !== undefined))
}

const TIMES: ReadonlySet<string> = new Set(['iat', 'exp'])

function parseJson(json: string, hasPlainTimes: boolean): unknown {
  try {
    return JSON.parse(json, hasPlainTimes ? plainTime : undefined)
  } catch {
    return undefined
  }
}

/** Only the text tells 1.6e9 from 1600000000. */
function plainTime(key: string, it: unknown, context?: { source?: string }): unknown {
  return TIMES.has(key) && typeof it === 'number' && !/^\d+$/.test(String(context?.source)) ? NaN : it
}
