import { expect, test } from 'vitest'
import { canBeOurs, isIncluded, parseSubject, withNamed, type About, type Named, type Subject } from './subject.ts'

const ISSUER = 'https://muster.example'
const device = (sub: string, iss = ISSUER): Subject => ({ format: 'iss_sub', iss, sub })
const email = (address: string) => ({ format: 'email' as const, email: address })
const complex = (more: object): Subject => {
  const parsed = parseSubject({ format: 'complex', ...more })
  if (!parsed.ok) throw new Error(parsed.problem)
  return parsed.value
}
const ALICE: About = { deviceId: 'dev_a', owner: 'alice@example.com' }
const NOBODY: About = { deviceId: 'dev_n', owner: null }

test.each([
  [device('dev_a')],
  [email('a@example.com')],
  [{ format: 'opaque', id: 'dev_a' }],
  [{ format: 'phone_number', phone_number: '+12065550123' }],
  [{ format: 'account', uri: 'acct:a@example.com' }],
  [{ format: 'did', url: 'did:example:1' }],
  [{ format: 'uri', uri: 'https://a.example/' }],
  [{ format: 'jwt_id', iss: ISSUER, jti: '1' }],
  [{ format: 'saml_assertion_id', issuer: ISSUER, assertion_id: '_1' }],
  [{ format: 'ip-addresses', 'ip-addresses': ['10.0.0.1'] }],
  [{ format: 'aliases', identifiers: [email('a@example.com'), device('dev_a')] }],
  [{ format: 'complex', user: email('a@example.com'), tenant: { format: 'opaque', id: 't' } }],
  [{ format: 'complex', device: { format: 'aliases', identifiers: [device('dev_a')] } }],
])('%j is a subject', (subject) => {
  expect(parseSubject(subject).ok).toBe(true)
})

test.each([
  [null],
  ['dev_a'],
  [{}],
  [{ format: 'phone', phone_number: '+1' }],
  [{ format: 'email' }],
  [{ format: 'email', email: '' }],
  [{ format: 'email', email: ['a@example.com'] }],
  [{ format: 'iss_sub', iss: ISSUER }],
  [{ format: 'aliases', identifiers: [] }],
  [{ format: 'aliases', identifiers: [{ format: 'aliases', identifiers: [email('a@example.com')] }] }],
  [{ format: 'complex', user: { format: 'complex', user: email('a@example.com') } }],
  [{ format: 'complex', user: 'alice' }],
  [{ format: 'ip-addresses', 'ip-addresses': [] }],
])('%j is none', (subject) => {
  expect(parseSubject(subject).ok).toBe(false)
})

const rows: [what: string, subject: Subject, whom: 'alice' | 'nobody' | 'both' | 'none'][] = [
  ['her device', device('dev_a'), 'alice'],
  ['the device by its id alone', { format: 'opaque', id: 'dev_n' }, 'nobody'],
  ['a device of another issuer', device('dev_a', 'https://other.example'), 'none'],
  ['another device', device('dev_b'), 'none'],
  ['her address', email('alice@example.com'), 'alice'],
  ['her address in other letters', email('Alice@Example.com'), 'alice'],
  ['another address', email('bob@example.com'), 'none'],
  [
    'one of several names',
    { format: 'aliases', identifiers: [email('bob@example.com'), device('dev_n')] as never },
    'nobody',
  ],
  ['her in one with her device', complex({ user: email('alice@example.com'), device: device('dev_a') }), 'alice'],
  ['her with any device', complex({ user: email('alice@example.com') }), 'alice'],
  ['her device with any user', complex({ device: device('dev_a') }), 'alice'],
  ['her with the device of another', complex({ user: email('alice@example.com'), device: device('dev_n') }), 'none'],
  // A user who is not known is nobody's namesake.
  ['a user with a device that has none', complex({ user: email('bob@example.com'), device: device('dev_n') }), 'none'],
  ['a session', complex({ device: device('dev_a'), session: { format: 'opaque', id: '1' } }), 'none'],
  ['nothing at all', complex({}), 'none'],
  ['a tenant', complex({ tenant: { format: 'opaque', id: 't' } }), 'none'],
]
test.each(rows)('leaving out %s leaves out who that is', (_what, subject, whom) => {
  const named: Named[] = [{ action: 'remove', subject }]
  const left = [isIncluded(named, ALICE, ISSUER), isIncluded(named, NOBODY, ISSUER)]
  expect(left).toEqual([whom !== 'alice' && whom !== 'both', whom !== 'nobody' && whom !== 'both'])
})

test.each([
  ['nothing', [], true],
  ['her left out', ['remove user'], false],
  ['her left out and taken in again', ['remove user', 'add user'], true],
  ['her taken in, then left out', ['add user', 'remove user'], false],
  ['her left out, her device taken in', ['remove user', 'add device'], true],
  ['her device left out, she taken in', ['remove device', 'add user'], true],
  ['her device taken in, then she left out', ['remove device', 'add device', 'remove user'], false],
])('after %s, her device is in: %s', (_what, wishes, isIn) => {
  const subjects = new Map<string, Subject>([
    ['user', email('alice@example.com')],
    ['device', device('dev_a')],
  ])
  const named = wishes.reduce<Named[]>((list, wish) => {
    const [action, which = ''] = wish.split(' ')
    return withNamed(list, { action: action === 'add' ? 'add' : 'remove', subject: subjects.get(which)! })
  }, [])
  expect(isIncluded(named, ALICE, ISSUER)).toBe(isIn)
  expect(isIncluded(named, { deviceId: 'dev_other', owner: 'other@example.com' }, ISSUER)).toBe(true)
})

test('what is said again takes no more room, and what changes nothing takes none', () => {
  let named: Named[] = []
  for (let n = 0; n < 5; n += 1) named = withNamed(named, { action: 'remove', subject: device('dev_a') })
  expect(named).toHaveLength(1)
  expect(withNamed(named, { action: 'add', subject: device('dev_a') })).toEqual([])
  expect(withNamed([], { action: 'add', subject: email('a@example.com') })).toEqual([])
})

test.each([
  [device('dev_a'), true],
  [device('dev_a', 'https://other.example'), false],
  [email('a@example.com'), true],
  [{ format: 'opaque' as const, id: 'x' }, true],
  [{ format: 'phone_number' as const, phone_number: '+1' }, false],
  [complex({}), false],
  [complex({ tenant: { format: 'opaque', id: 't' } }), false],
  [complex({ user: email('a@example.com') }), true],
  [complex({ user: email('a@example.com'), tenant: { format: 'opaque', id: 't' } }), false],
  [complex({ user: { format: 'phone_number', phone_number: '+1' }, device: device('dev_a') }), false],
])('%j can be ours: %s', (subject, can) => {
  expect(canBeOurs(subject, ISSUER)).toBe(can)
})
