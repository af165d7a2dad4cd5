import { expect, test } from 'vitest'
import { accepts, wantsPage } from './accept.ts'

test.each<[header: string | undefined, isAccepted: boolean]>([
  [undefined, true],
  ['', true],
  ['*/*', true],
  ['application/*', true],
  ['application/statuslist+jwt', true],
  ['Application/StatusList+JWT', true],
  ['application/statuslist+cwt, application/statuslist+jwt;q=0.5', true],
  ['text/html, */*;q=0.1', true],
  ['application/statuslist+jwt;v=1', true],
  ['application/statuslist+cwt', false],
  ['application/json', false],
  ['text/*', false],
  ['application/statuslist+jwt;q=0, */*', false],
  ['application/statuslist+jwt; q=0.000', false],
  ['*/*;q=0', false],
  ['application/*;q=0, */*', false],
  ['nonsense', false],
  [',;,', false],
])('Accept: %s', (header, isAccepted) => {
  expect(accepts(header, 'application/statuslist+jwt')).toBe(isAccepted)
})

test.each<[header: string | undefined, isWanted: boolean]>([
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
  ['application/json, text/html;q=0.5', true],
  ['TEXT/HTML', true],
  [undefined, false],
  ['', false],
  ['*/*', false],
  ['text/*', false],
  ['application/json', false],
  ['text/html;q=0, */*', false],
  ['text/htmlx', false],
])('Accept: %s asks for a page', (header, isWanted) => {
  expect(wantsPage(header)).toBe(isWanted)
})
