import { expect, test } from 'vitest'
import { differences, type Concluded } from './conclusion.ts'

const cases: { name: string; expected: Record<string, unknown>; concluded: Concluded; differs: boolean }[] = [
  { name: 'the same', expected: { os: { build: '1' } }, concluded: { os: { build: '1', more: 2 } }, differs: false },
  { name: 'another value', expected: { os: { build: '1' } }, concluded: { os: { build: '2' } }, differs: true },
  { name: 'a number for a text', expected: { os: { build: '1' } }, concluded: { os: { build: 1 } }, differs: true },
  { name: 'nothing told', expected: { os: { build: '1' } }, concluded: {}, differs: true },
  { name: 'null, not told', expected: { firewall: { enabled: null } }, concluded: {}, differs: false },
  {
    name: 'null, told',
    expected: { firewall: { enabled: null } },
    concluded: { firewall: { enabled: false } },
    differs: true,
  },
  { name: 'unreadable', expected: { unreadable: true }, concluded: { unreadable: 'x' }, differs: false },
  { name: 'unreadable, but told', expected: { unreadable: true }, concluded: { volumes: [] }, differs: true },
  { name: 'told, but unreadable', expected: { os: { build: '1' } }, concluded: { unreadable: 'x' }, differs: true },
  { name: 'null, and unreadable', expected: { os: { build: null } }, concluded: { unreadable: 'x' }, differs: false },
  {
    name: 'volumes by mount, in any order',
    expected: {
      volumes: [
        { mount: '/', state: 'on' },
        { mount: '/home', state: 'off' },
      ],
    },
    concluded: {
      volumes: [
        { mount: '/home', state: 'off' },
        { mount: '/', state: 'on' },
      ],
    },
    differs: false,
  },
  {
    name: 'the wrong volume is on',
    expected: { volumes: [{ mount: '/', state: 'on' }] },
    concluded: {
      volumes: [
        { mount: '/', state: 'off' },
        { mount: '/home', state: 'on' },
      ],
    },
    differs: true,
  },
  {
    name: 'a volume without a name: any satisfies it',
    expected: { volumes: [{ state: 'on', method: 'luks2' }] },
    concluded: { volumes: [{ state: 'off' }, { state: 'on', method: 'luks2' }] },
    differs: false,
  },
  {
    name: 'no claim of the system volume',
    expected: { volumes: [{ role: 'system', state: null }] },
    concluded: { volumes: [{ mount: '/mnt', role: 'data', state: 'on' }] },
    differs: false,
  },
  {
    name: 'a claim of the system volume',
    expected: { volumes: [{ role: 'system', state: null }] },
    concluded: { volumes: [{ role: 'system', state: 'on' }] },
    differs: true,
  },
  { name: 'none is exact', expected: { products: [] }, concluded: { products: [{ product: 'x' }] }, differs: true },
  { name: 'none', expected: { products: [] }, concluded: { products: [] }, differs: false },
  {
    name: 'names of Windows services in any letters',
    expected: { services: [{ name: 'csagent', running: true }] },
    concluded: { services: [{ name: 'CSAgent', running: true }] },
    differs: false,
  },
  {
    name: 'moments',
    expected: { updates: { lastCheckedAt: '2026-09-23T18:40:50Z' } },
    concluded: { updates: { lastCheckedAt: '2026-09-23T18:40:50.000Z' } },
    differs: false,
  },
  {
    name: 'names among many',
    expected: { updates: { names: ['a'] } },
    concluded: { updates: { names: ['b', 'a'] } },
    differs: false,
  },
  {
    name: 'a name that lacks',
    expected: { updates: { names: ['a'] } },
    concluded: { updates: { names: ['b'] } },
    differs: true,
  },
]

for (const { name, expected, concluded, differs } of cases) {
  test(`${name}: ${differs ? 'falls short' : 'satisfies'}`, () => {
    expect(differences(expected, concluded).length > 0).toBe(differs)
  })
}
