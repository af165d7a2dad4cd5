import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { isSafe, parseSource, placesOf, signaturePlaceOf, type Source } from './source.ts'

const SHA = `#sha256=${'a'.repeat(64)}`

function sourceOf(text: string): Source {
  const source = parseSource(text)
  if (!source.ok) throw new Error(source.problem)
  return source.value
}

test.each([
  ['an address', 'https://feeds.example/v1/macos.json', 'address', 'https://feeds.example/v1/macos.json', null],
  ['an address with a pin', `https://feeds.example/a.json${SHA}`, 'address', 'https://feeds.example/a.json', 'sha256'],
  ['an address of this machine', 'http://127.0.0.1:8080/a.json', 'address', 'http://127.0.0.1:8080/a.json', null],
  ['a file', '/srv/feeds/macos.json', 'file', '/srv/feeds/macos.json', null],
  ['a file beside us', 'feeds/macos.json', 'file', resolve('feeds/macos.json'), null],
  ['a file with a pin', `/srv/feeds/macos.json${SHA}`, 'file', '/srv/feeds/macos.json', 'sha256'],
  ['a file with a # in its name', '/srv/feeds/#1.json', 'file', '/srv/feeds/#1.json', null],
])('%s', (_name, text, kind, place, pin) => {
  const source = sourceOf(text)
  expect([source.kind, source.place, source.pin?.kind ?? null, source.text]).toEqual([kind, place, pin, text])
})

test.each([
  ['nothing', '', /names nothing/],
  ['a pin alone', SHA, /names nothing/],
  ['plain HTTP', 'http://feeds.example/a.json', /https, or http on this machine/],
  ['another scheme', 'ftp://feeds.example/a.json', /https, or http on this machine/],
  ['a file as an address', 'file:///srv/a.json', /https, or http on this machine/],
  ['a password', 'https://me:hunter2@feeds.example/a.json', /password/],
  ['a pin with a slip', 'https://feeds.example/a.json#sha265=aa', /neither sha256=\.\.\. nor key=\.\.\./],
  ['a pin that is too short', 'https://feeds.example/a.json#sha256=aa', /no SHA-256/],
  ['one checksum for many months', `https://feeds.example/{month}${SHA}`, /cannot hold for every month/],
  ['no host', 'https://', /no address/],
])('%s is refused', (_name, text, problem) => {
  const source = parseSource(text)
  expect(source).toMatchObject({ ok: false, problem: expect.stringMatching(problem) as string })
  expect(source.ok || source.problem).not.toMatch(/hunter2/)
})

test('the name of a source tells neither its query nor its pin', () => {
  expect(sourceOf(`https://feeds.example/a.json?key=secret${SHA}`).name).toBe('https://feeds.example/a.json')
  expect(sourceOf('/srv/what?.json').name).toBe('/srv/what?.json')
})

test.each([
  ['https://feeds.example', true],
  ['http://localhost', true],
  ['http://127.1.2.3', true],
  ['http://[::1]', true],
  ['http://10.0.0.1', false],
  ['http://localhost.example', false],
  ['http://127.0.0.1.example', false],
])('%s is safe to ask: %s', (url, expected) => {
  expect(isSafe(new URL(url))).toBe(expected)
})

test('a source by month is the last six of them, of which the newest two may change', () => {
  const source = sourceOf('https://api.msrc.microsoft.com/cvrf/v3.0/cvrf/{month}')
  const places = placesOf(source, new Date('2026-02-28T23:59:59Z'))
  expect(places.map(({ at, isSettled }) => [at.split('/').at(-1), isSettled])).toEqual([
    ['2026-Feb', false],
    ['2026-Jan', false],
    ['2025-Dec', true],
    ['2025-Nov', true],
    ['2025-Oct', true],
    ['2025-Sep', true],
  ])
  expect(placesOf(sourceOf('/srv/a.json'), new Date())).toEqual([{ at: '/srv/a.json', isSettled: false }])
})

test('a signature is beside what it signs', () => {
  expect(signaturePlaceOf(sourceOf('/srv/a.json'), '/srv/a.json')).toBe('/srv/a.json.sig')
  const address = 'https://feeds.example/a.json?key=1'
  expect(signaturePlaceOf(sourceOf(address), address)).toBe('https://feeds.example/a.json.sig?key=1')
})
