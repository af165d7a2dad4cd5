import { Type, type TObject, type TProperties } from 'typebox'
import { strict, text } from '../../../shared/schema.ts'
import { ACTS, type ActName } from '../../acts/all.ts'
import { Moment } from '../../acts/moment.ts'

/** What a request says, taken apart; which act takes what of it stands in the table. */
export type Said = {
  params: Record<string, unknown>
  query: Record<string, unknown>
  body: Record<string, unknown>
  /** The name of the key: who answers for a change. */
  by: string
}

export type AdminRoute = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  path: string
  act: ActName
  /** Another act, for a request that asks for it. */
  orElse?: { act: ActName; when: (said: Said) => boolean }
  summary: string
  /** What the act is given; its own schema decides whether that is right. */
  input: (said: Said) => object
  /** What may be in it; nothing where there is none. */
  body?: TObject
  query?: TObject
  status?: 201
}

const Limit = Type.Optional(
  Type.String({ pattern: '^[1-9][0-9]{0,3}$', description: 'at most so many: 1000, else 100' }),
)
const When = Type.Optional(Moment)
const Text = Type.Optional(text(300))
const Page = { limit: Limit, after: Text }
const page = ({ query: { limit, ...rest } }: Said) => ({
  ...rest,
  ...(limit !== undefined && { limit: numberIn(limit) }),
})
const version = (name: string, given: unknown) => (given === undefined ? {} : { [name]: numberIn(given) })
/** Plain digits are a number; anything else stays what it is, for the act to refuse. */
const numberIn = (given: unknown) => (typeof given === 'string' && /^[0-9]{1,15}$/.test(given) ? Number(given) : given)
const switchIn = (given: unknown) => (given === 'true' ? true : given === 'false' ? false : given)
const Version = Type.String({ pattern: '^[1-9][0-9]{0,8}$' })

/** Without what the path and the key say: nobody says that in a body. */
const bodyOf = (act: ActName, without: readonly string[] = []) => {
  const properties: TProperties = ACTS[act].input.properties
  return strict(Object.fromEntries(Object.entries(properties).filter(([name]) => !without.includes(name))))
}

const ofDevice = (said: Said) => ({ id: said.params['id'] })
const DEVICE = '/v1/admin/devices/:id'

/** Every route of an admin. Each needs a key with the scope `admin`; a test asks every one without. */
export const ADMIN_ROUTES: readonly AdminRoute[] = [
  {
    method: 'GET',
    path: '/v1/admin/policy',
    act: 'policy-show',
    summary: 'The policy in force',
    input: () => ({}),
  },
  ...(['PUT', 'POST'] as const).map((method): AdminRoute => ({
    method,
    path: '/v1/admin/policy',
    act: 'policy-apply',
    summary: 'Put a policy in force: JSON with the document, or the YAML itself',
    input: ({ body, by }) => ({ ...body, author: by }),
    body: bodyOf('policy-apply', ['author']),
  })),
  {
    method: 'POST',
    path: '/v1/admin/policy/dry-run',
    act: 'policy-dry-run',
    summary: 'Which devices would gain or lose which tier under a policy; changes nothing',
    input: ({ body }) => body,
    body: bodyOf('policy-dry-run'),
  },
  {
    method: 'GET',
    path: '/v1/admin/policy/versions',
    act: 'policy-list',
    summary: 'The versions of the policy, the newest first',
    input: page,
    query: strict(Page),
  },
  {
    method: 'GET',
    path: '/v1/admin/policy/versions/:version',
    act: 'policy-show',
    summary: 'One version of the policy',
    input: ({ params }) => version('version', params['version']),
  },
  {
    method: 'GET',
    path: '/v1/admin/policy/diff',
    act: 'policy-diff',
    summary: 'What differs between two versions, by meaning',
    input: ({ query }) => ({ ...version('from', query['from']), ...version('to', query['to']) }),
    query: strict({ from: Type.Optional(Version), to: Type.Optional(Version) }),
  },
  {
    method: 'POST',
    path: '/v1/admin/policy/diff',
    act: 'policy-diff',
    summary: 'What differs between a version and a document, by meaning',
    input: ({ body }) => body,
    body: bodyOf('policy-diff'),
  },
  {
    method: 'POST',
    path: '/v1/admin/policy/rollback',
    act: 'policy-rollback',
    summary: 'Put an earlier version in force again',
    input: ({ body, by }) => ({ ...body, author: by }),
    body: bodyOf('policy-rollback', ['author']),
  },
  {
    method: 'GET',
    path: '/v1/admin/policy/progress',
    act: 'policy-progress',
    summary: 'How many devices have been judged by the newest change',
    input: () => ({}),
  },
  {
    method: 'GET',
    path: '/v1/admin/exceptions',
    act: 'exception-list',
    summary: 'Exceptions, the newest first',
    input: (said) => ({ ...page(said), ...(said.query['all'] !== undefined && { all: switchIn(said.query['all']) }) }),
    query: strict({
      ...Page,
      all: Type.Optional(Type.String({ pattern: '^(true|false)$', description: 'also those that are over' })),
    }),
  },
  {
    method: 'POST',
    path: '/v1/admin/exceptions',
    act: 'exception-grant',
    summary: 'Grant an exception',
    input: ({ body }) => body,
    body: bodyOf('exception-grant'),
    status: 201,
  },
  {
    method: 'DELETE',
    path: '/v1/admin/exceptions/:id',
    act: 'exception-end',
    summary: 'End an exception before its time',
    input: ({ params, by }) => ({ id: params['id'], by }),
  },
  {
    method: 'GET',
    path: '/v1/admin/devices',
    act: 'device-list',
    summary: 'Devices with where they stand, in the order of their ids',
    input: page,
    query: strict({
      ...Page,
      tier: Text,
      check: Text,
      verdict: Text,
      platform: Text,
      tag: Text,
      owner: Text,
      status: Text,
    }),
  },
  { method: 'GET', path: DEVICE, act: 'device-show', summary: 'A device and its standing', input: ofDevice },
  { method: 'DELETE', path: DEVICE, act: 'device-remove', summary: 'Forget a device', input: ofDevice },
  {
    method: 'GET',
    path: `${DEVICE}/history`,
    act: 'device-history',
    orElse: { act: 'device-state-at', when: ({ query }) => query['at'] !== undefined },
    summary: 'When its verdicts changed, in the order of time; with `at`, what held then',
    input: (said) => ({ ...page(said), ...ofDevice(said) }),
    query: strict({ ...Page, check: Text, from: When, to: When, at: When }),
  },
  {
    method: 'POST',
    path: `${DEVICE}/approve`,
    act: 'device-approve',
    summary: 'Admit a pending device',
    input: ofDevice,
  },
  { method: 'POST', path: `${DEVICE}/lock-out`, act: 'device-lock-out', summary: 'Lock a device out', input: ofDevice },
  {
    method: 'POST',
    path: `${DEVICE}/readmit`,
    act: 'device-readmit',
    summary: 'Take back a lock-out',
    input: ofDevice,
  },
  {
    method: 'POST',
    path: `${DEVICE}/recheck`,
    act: 'device-recheck',
    summary: 'Have it read everything now',
    input: ofDevice,
  },
  {
    method: 'POST',
    path: `${DEVICE}/tags`,
    act: 'device-tag',
    summary: 'Give it tags, and take some away',
    input: (said) => ({ ...said.body, ...ofDevice(said) }),
    body: bodyOf('device-tag', ['id']),
  },
  {
    method: 'PUT',
    path: `${DEVICE}/owner`,
    act: 'device-owner',
    summary: 'Say whose device it is',
    input: (said) => ({ ...said.body, ...ofDevice(said) }),
    body: bodyOf('device-owner', ['id']),
  },
  {
    method: 'GET',
    path: '/v1/admin/releases',
    act: 'releases-show',
    summary: 'The release catalogue',
    input: () => ({}),
  },
  {
    method: 'POST',
    path: '/v1/admin/releases/refresh',
    act: 'releases-refresh',
    summary: 'Fetch every source of the release catalogue now',
    input: () => ({}),
  },
  { method: 'GET', path: '/v1/admin/keys', act: 'key-list', summary: 'The keys that sign', input: () => ({}) },
  {
    method: 'POST',
    path: '/v1/admin/keys/rotate',
    act: 'key-rotate',
    summary: 'Publish a successor of the key that signs',
    input: () => ({}),
  },
  {
    method: 'GET',
    path: '/v1/admin/gateways',
    act: 'gateway-list',
    summary: 'The gateways, the oldest first',
    input: page,
    query: strict(Page),
  },
  {
    method: 'POST',
    path: '/v1/admin/gateways',
    act: 'gateway-create',
    summary: 'Make a key for a gateway; it is told this once',
    input: ({ body }) => body,
    body: bodyOf('gateway-create'),
    status: 201,
  },
  {
    method: 'DELETE',
    path: '/v1/admin/gateways/:id',
    act: 'gateway-revoke',
    summary: 'Revoke the key of a gateway',
    input: ({ params }) => ({ id: params['id'] }),
  },
  {
    method: 'POST',
    path: '/v1/admin/tokens',
    act: 'token-create',
    summary: 'Make an enrolment string; it is told this once',
    input: ({ body }) => body,
    body: bodyOf('token-create'),
    status: 201,
  },
]
