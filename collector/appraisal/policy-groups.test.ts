import { describe, expect, test } from 'vitest'
import { membershipOf, ownerProblem } from './policy-groups.ts'

const device = { id: 'dev_1', platform: 'linux', tags: ['pilot', 'berlin'], owner: 'Anna@IT.example.com' } as const

describe('a group has a member', () => {
  test.each([
    { name: 'by its id', group: { devices: ['dev_2', 'dev_1'] } },
    { name: 'by one of its tags', group: { tags: ['other', 'berlin'] } },
    { name: 'by its owner, in letters of any size', group: { owners: ['anna@it.EXAMPLE.com'] } },
    { name: 'by the domain of its owner', group: { owners: ['*@it.example.com'] } },
    { name: 'by a part of the domain', group: { owners: ['*@*.example.com'] } },
    { name: 'by a part of the name', group: { owners: ['an*@it.example.com'] } },
    { name: 'by one entry, whatever the others say', group: { devices: ['dev_2'], tags: ['other'], owners: ['*@*'] } },
  ])('$name', ({ group }) => {
    expect(membershipOf(group)(device)).toBe(true)
  })
})

describe('a group does not have a member', () => {
  test.each([
    { name: 'where it names nobody', group: {} },
    { name: 'where it names others', group: { devices: ['dev_11'], tags: ['pilots'], owners: ['bob@it.example.com'] } },
    { name: 'of a domain that goes on', group: { owners: ['*@it.example'] } },
    { name: 'of a domain above', group: { owners: ['*@example.com'] } },
    { name: 'by a * that would have to hold an @', group: { owners: ['a*.com@x'] } },
  ])('$name', ({ group }) => {
    expect(membershipOf(group)(device)).toBe(false)
  })

  test('for an owner that nobody is', () => {
    expect(membershipOf({ owners: ['*@*'] })({ ...device, owner: null })).toBe(false)
    expect(membershipOf({ owners: ['*@it.example.com'] })({ ...device, owner: 'x@y@it.example.com' })).toBe(false)
  })
})

test.each(['anna@example.com', '*@example.com', 'a*b@*.example.com', '*@*'])('%s may be an owner', (owner) => {
  expect(ownerProblem(owner)).toBeNull()
})

test.each([
  ['anna', /e-mail/],
  ['*', /e-mail/],
  ['@example.com', /e-mail/],
  ['anna@', /e-mail/],
  ['a@b@c', /e-mail/],
  ['', /e-mail/],
  ['anna @example.com', /space/],
  ['**@example.com', /two \*/],
])('%j is no owner', (owner, problem) => {
  expect(ownerProblem(owner)).toMatch(problem)
})
