import { expect, test } from 'vitest'
import { laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readAntiVirusProducts, readSecurityCenter, toldOf, type Registration } from './security-center.ts'
import { strangersOf } from './strangers.ts'

const entry = (displayName: string, productState: unknown, more: object = {}) => ({
  displayName,
  productState,
  ...more,
})
const read = (it: unknown) => readAntiVirusProducts(JSON.stringify(it))
const ofClass = (ClassName: string) => ({ CimSystemProperties: { Namespace: 'ROOT/SecurityCenter2', ClassName } })

/** State and whether the definitions are up to date, by productState. */
const STATES: readonly [number, Registration['state'], boolean | undefined][] = [
  [0x060100, 'off', true],
  [0x060110, 'off', false],
  [0x061100, 'on', true],
  [0x061110, 'on', false],
  [0x062100, 'snoozed', true],
  [0x041000, 'on', true],
  [0x051010, 'on', false],
  [0x063100, 'expired', true],
  [0x064100, 'unknown', true],
  [0x061120, 'on', undefined],
]

test.each(STATES)('productState %i is %s', (productState, state, upToDate) => {
  const expected = { displayName: 'Example', state, ...(upToDate !== undefined && { upToDate }) }
  expect(read(entry('Example', productState))).toEqual({ kind: 'value', value: [expected] })
})

test('only antivirus products count, in whatever form the classes come', () => {
  const on = { displayName: 'Example', state: 'on', upToDate: true }
  for (const it of [
    { firewall: [entry('Other', 0x041000)], antiVirus: [entry('Example', 0x041000)], antiSpyware: [] },
    { FirewallProduct: null, AntiVirusProduct: entry('Example', 0x041000) },
    { antiVirus: { value: [entry('Example', 0x041000)], Count: 1 } },
    [
      entry('Other', 0x041000, ofClass('FirewallProduct')),
      entry('Example', 0x041000, ofClass('AntiVirusProduct')),
      entry('Third', 0x041000, { __CLASS: 'AntiSpywareProduct' }),
    ],
  ]) {
    expect(read(it)).toEqual({ kind: 'value', value: [on] })
  }
  const nameOnly = [{ displayName: 'Example', state: 'unknown' }]
  expect(readAntiVirusProducts('{"displayName":"Example"}')).toEqual({ kind: 'value', value: nameOnly })
  const list = '\r\ndisplayName              : Example\r\nproductState             : 266240\r\ntimestamp : Tue\r\n\r\n'
  expect(readAntiVirusProducts(list)).toEqual({ kind: 'value', value: [on] })
})

test.each([
  '',
  'null',
  '{"displayName":"Example","productState":null}',
  '[{"displayName":"Example","productState":"on"}]',
  '[{"displayName":"","productState":266240}]',
  '[{"displayName":"Example","productState":-1}]',
  'Get-CimInstance : Zugriff verweigert',
])('Security Center: nothing is drawn from %j', (text) => {
  expect(readAntiVirusProducts(text).kind).not.toBe('value')
})

test('a Windows without Security Center is told from one that cannot be asked', () => {
  expect(readAntiVirusProducts('Get-CimInstance : Ungültiger Namespace\n HRESULT 0x8004100e,x').kind).toBe(
    'unsupported',
  )
  expect(readAntiVirusProducts('Get-CimInstance : Zugriff verweigert\n HRESULT 0x80070005,x').kind).toBe('unreadable')
})

const host = (answer: object) =>
  laptop({ platform: 'windows', files: {}, programs: { 'powershell AntiVirusProduct': answer } })

test('the question: an empty list is one, an error on stderr none', async () => {
  expect(await readSecurityCenter(host({ stdout: '[]' }))).toEqual({ kind: 'value', value: [] })
  expect((await readSecurityCenter(host({ exitCode: 1, stderr: 'HRESULT 0x8004100E,GetCim: x' }))).kind).toBe(
    'unsupported',
  )
  expect((await readSecurityCenter(host({ exitCode: 1, stderr: 'x' }))).kind).toBe('unreadable')
  expect((await readSecurityCenter(laptop({ platform: 'windows', files: {} }))).kind).toBe('unreadable')
})

test('two entries that contradict each other tell nothing', () => {
  const on: Registration = { displayName: 'a', state: 'on', upToDate: true }
  expect(toldOf([on, on])).toEqual({ realTime: true, upToDate: true })
  expect(toldOf([on, { ...on, state: 'off' }])).toEqual({ upToDate: true })
  expect(toldOf([on, { ...on, state: 'unknown', upToDate: false }])).toEqual({})
  expect(toldOf([])).toEqual({})
})

test('what the catalogue does not know is never healthy', () => {
  const states = (['on', 'off', 'snoozed', 'expired', 'unknown'] as const).map((state) => {
    const [product] = strangersOf([{ displayName: 'Example Security (7)', state, upToDate: true }])
    return [product?.product, product?.state]
  })
  expect(states).toEqual([
    ['example-security-7', 'unknown'],
    ['example-security-7', 'off'],
    ['example-security-7', 'degraded'],
    ['example-security-7', 'degraded'],
    ['example-security-7', 'unknown'],
  ])
  expect(strangersOf([{ displayName: '***', state: 'on' }])[0]?.product).toBe('unnamed-antivirus')
  expect(strangersOf([{ displayName: 'ä'.repeat(300), state: 'on' }])[0]?.product).toHaveLength(40)
})

test('damage never switches a product on', () => {
  const off = JSON.stringify([entry('Example', 0x060110), entry('Other', 0x060110)])
  for (const text of mutations(off, 10_000)) {
    // A damaged number is another state.
    if (text.replaceAll('393488', '').match(/\d/)) continue
    const fact = readAntiVirusProducts(text)
    expect(fact.kind === 'value' && fact.value.some(({ state, upToDate }) => state === 'on' || upToDate === true)).toBe(
      false,
    )
  }
})
