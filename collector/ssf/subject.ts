import { isDeepStrictEqual } from 'node:util'
import { Type, type Static } from 'typebox'
import { keysOf, parserOf } from '../../shared/schema.ts'

const word = Type.String({ minLength: 1, maxLength: 1000 })

/** A simple subject (RFC 9493, section 3, and SSF 1.0, section 3.2). */
const Simple = Type.Union([
  Type.Object({ format: Type.Literal('account'), uri: word }),
  Type.Object({ format: Type.Literal('did'), url: word }),
  Type.Object({ format: Type.Literal('email'), email: word }),
  Type.Object({ format: Type.Literal('iss_sub'), iss: word, sub: word }),
  Type.Object({ format: Type.Literal('opaque'), id: word }),
  Type.Object({ format: Type.Literal('phone_number'), phone_number: word }),
  Type.Object({ format: Type.Literal('uri'), uri: word }),
  Type.Object({ format: Type.Literal('jwt_id'), iss: word, jti: word }),
  Type.Object({ format: Type.Literal('saml_assertion_id'), issuer: word, assertion_id: word }),
  Type.Object({
    format: Type.Literal('ip-addresses'),
    'ip-addresses': Type.Array(word, { minItems: 1, maxItems: 32 }),
  }),
])

/** Several names of the same subject, each of which stands for it (RFC 9493, section 3.2.8). */
const Aliases = Type.Object({
  format: Type.Literal('aliases'),
  identifiers: Type.Array(Simple, { minItems: 1, maxItems: 32 }),
})
const Member = Type.Union([Simple, Aliases])
type Member = Static<typeof Member>

const member = Type.Optional(Member)
const MEMBERS = {
  user: member,
  device: member,
  session: member,
  application: member,
  tenant: member,
  org_unit: member,
  group: member,
}

/** Several subjects that are one together (SSF 1.0, section 3.3). A member that is missing stands for any. */
const Complex = Type.Object({ format: Type.Literal('complex'), ...MEMBERS })

export const Subject = Type.Union([Simple, Aliases, Complex])
export type Subject = Static<typeof Subject>
export const parseSubject = parserOf(Subject)

/** Whom an event is about. */
export type About = { deviceId: string; owner: string | null }

/** What a stream was asked to add or to leave out, the newest last. A device that none of it names is in. */
export type Named = { action: 'add' | 'remove'; subject: Subject }

/** Whether a stream tells of a device: what was said of it last counts. */
export function isIncluded(named: readonly Named[], about: About, issuer: string): boolean {
  return named.findLast(({ subject }) => names(subject, about, issuer))?.action !== 'remove'
}

/** The list after one more wish. What is said again, and what adds where nothing was left out, leaves no trace. */
export function withNamed(named: readonly Named[], wish: Named): Named[] {
  const others = named.filter(({ subject }) => !isDeepStrictEqual(subject, wish.subject))
  const next = [...others, wish]
  return next.some(({ action }) => action === 'remove') ? next : []
}

/** How many names a list has, each of which is compared with every event. */
export function namesIn(named: readonly Named[]): number {
  return named.reduce((sum, { subject }) => sum + namesOf(subject), 0)
}

function namesOf(subject: Subject): number {
  if (subject.format !== 'complex') return simplesOf(subject).length
  const members = keysOf(MEMBERS).map((key) => subject[key])
  return members.reduce((sum, it) => sum + (it ? simplesOf(it).length : 0), 0)
}

/** Whether a subject can be one that events are of here: a device by this issuer, a user by e-mail, or both. */
export function canBeOurs(subject: Subject, issuer: string): boolean {
  if (subject.format !== 'complex') return isDevice(subject, issuer) || isUser(subject)
  const { user, device } = subject
  const isAlone = keysOf(MEMBERS).every((key) => key === 'user' || key === 'device' || subject[key] === undefined)
  if (!isAlone || (!user && !device)) return false
  return (!user || isUser(user)) && (!device || isDevice(device, issuer))
}

/**
 * Whether a subject names the device of an event. What it does not say stands for any; what it says has to be so: a user
 * who is not known is nobody's namesake, or a wish to leave out one would silence others.
 */
function names(subject: Subject, about: About, issuer: string): boolean {
  if (subject.format !== 'complex') return namesOne(subject, about, issuer)
  const { user, device } = subject
  if (!canBeOurs(subject, issuer)) return false
  return (
    (!user || simplesOf(user).some((it) => isOwner(it, about))) &&
    (!device || simplesOf(device).some((it) => isThis(it, about, issuer)))
  )
}

function namesOne(subject: Member, about: About, issuer: string): boolean {
  return simplesOf(subject).some((it) => isThis(it, about, issuer) || isOwner(it, about))
}

type Simple = Static<typeof Simple>

const simplesOf = (subject: Member): Simple[] => (subject.format === 'aliases' ? subject.identifiers : [subject])

const isThis = (it: Simple, { deviceId }: About, issuer: string) =>
  it.format === 'iss_sub' ? it.iss === issuer && it.sub === deviceId : it.format === 'opaque' && it.id === deviceId

const isOwner = (it: Simple, { owner }: About) =>
  it.format === 'email' && owner !== null && it.email.toLowerCase() === owner.toLowerCase()

const isDevice = (subject: Member, issuer: string) =>
  simplesOf(subject).some((it) => it.format === 'opaque' || (it.format === 'iss_sub' && it.iss === issuer))

const isUser = (subject: Member) => simplesOf(subject).some(({ format }) => format === 'email')
