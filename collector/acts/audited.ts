import { digest } from '../../shared/jws.ts'
import type { ActName } from './all.ts'

type Fields = Readonly<Record<string, unknown>>
/** Where the answer to an act says what it was done to; null for what only reads, which is not recorded. */
type Target = ((input: Fields, answer: Fields) => unknown) | null

const ofInput = (input: Fields) => input['id']
const ofAnswer = (_: Fields, answer: Fields) => answer['id']
const policy = (_: Fields, answer: Fields) => answer['version']

/** Whether an act changes something, and what it does that to. */
export const CHANGES: Readonly<Record<ActName, Target>> = {
  'policy-apply': policy,
  'policy-dry-run': null,
  'policy-list': null,
  'policy-show': null,
  'policy-diff': null,
  'policy-rollback': policy,
  'policy-progress': null,
  'exception-grant': (_, { exception }) => (isRecord(exception) ? exception['id'] : null),
  'exception-list': null,
  'exception-end': ofInput,
  'device-list': null,
  'device-find': null,
  'device-show': null,
  'device-history': null,
  'device-state-at': null,
  'device-approve': ofInput,
  'device-lock-out': ofInput,
  'device-readmit': ofInput,
  'device-remove': ofInput,
  'device-tag': ofInput,
  'device-owner': ofInput,
  'device-recheck': ofInput,
  'gateway-create': ofAnswer,
  'gateway-list': null,
  'gateway-revoke': ofInput,
  'releases-show': null,
  'releases-refresh': () => null,
  'key-list': null,
  'key-rotate': (_, { kid }) => kid,
  'token-create': () => null,
}

/** What an act was done to, as its answer says, or as its input does while there is none. */
export function targetOf(name: ActName, input: object, answer: object = {}): string | null {
  const target = CHANGES[name]?.({ ...input }, { ...answer })
  return typeof target === 'string' || typeof target === 'number' ? String(target) : null
}

/** What is kept elsewhere, or is too long for a line: of it the hash is on record. */
const BULKY = new Set(['document', 'certificate'])
const MOST = 500

/** What was asked for, as it is on record. What an act answers may be a secret, and is not. */
export function detailsOf(input: object): object {
  return Object.fromEntries(
    Object.entries(input).map(([key, value]) =>
      typeof value === 'string' && (BULKY.has(key) || value.length > MOST)
        ? [`${key}Digest`, digest(value)]
        : [key, value],
    ),
  )
}

function isRecord(it: unknown): it is Fields {
  return typeof it === 'object' && it !== null
}
