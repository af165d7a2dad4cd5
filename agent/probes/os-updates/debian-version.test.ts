// The oracle of this test is the real dpkg; the agent itself starts programs through its one door only.
// oxlint-disable-next-line no-restricted-imports
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { compareDebianVersions } from './debian-version.ts'

/** Each line is in ascending order. */
const ascending = [
  ['1.0~~', '1.0~~a', '1.0~', '1.0', '1.0a', '1.0+', '1.0.1', '1.1'],
  ['0.9', '1:0.1', '2:0.0.1'],
  ['2.39-0ubuntu8', '2.39-0ubuntu8.3', '2.39-0ubuntu8.12'],
  ['6.8.0-31.31', '6.8.0-151.151'],
  ['1.2-1', '1.2-1+b1', '1.2-1+deb12u1', '1.2-1.1', '1.2-2~bpo12+1', '1.2-2'],
  ['5.2.15-2+b8', '5.2.15-2+b13'],
  ['1.9', '1.10', '1.11'],
  ['20240203', '20261020123456789012345', '20261020123456789012346'],
]

test('versions in ascending order', () => {
  for (const line of ascending) {
    for (const [i, a] of line.entries()) {
      for (const [j, b] of line.entries())
        expect(Math.sign(compareDebianVersions(a, b)), `${a} ${b}`).toBe(Math.sign(i - j))
    }
  }
})

const same = [
  ['1.0', '1.0-0'],
  ['0:1.0', '1.0'],
  ['1.01', '1.1'],
  ['1.0', '1.0'],
  ['', ''],
] as const

test('versions that are written differently and are the same', () => {
  for (const [a, b] of same) expect(compareDebianVersions(a, b), `${a} ${b}`).toBe(0)
})

const hasDpkg = spawnSync('dpkg', ['--version']).status === 0

test.skipIf(!hasDpkg)('agrees with dpkg, wherever dpkg is installed', () => {
  for (const [a, b] of pairs(150)) {
    const says = (relation: string) => spawnSync('dpkg', ['--compare-versions', a, relation, b]).status === 0
    const expected = says('lt') ? -1 : says('gt') ? 1 : 0
    expect(Math.sign(compareDebianVersions(a, b)), `${a} ${b}`).toBe(expected)
    expect(Math.sign(compareDebianVersions(b, a)), `${b} ${a}`).toBe(0 - expected)
  }
})

/** Valid versions made of pieces that are often the same, so that the pairs differ late. */
function* pairs(count: number): Generator<[string, string]> {
  let state = 7
  const pick = <T>(items: readonly [T, ...T[]]): T => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return items[Math.floor((state / 2 ** 32) * items.length)] ?? items[0]
  }
  const version = (): string => {
    const pieces = [pick(['', '', '0:', '1:', '12:']), pick(['1', '10', '01', '2.0', '0'])]
    for (let n = 0; n < 3; n++)
      pieces.push(
        pick(['', '.', '~', '+', 'a', 'B', '.0', '.00', '~~', '+b', 'rc', '.~']),
        pick(['', '1', '9', '10', '010']),
      )
    pieces.push(pick(['', '', '-0', '-1', '-1~bpo1', '-1.1', '-1+b1', '-0ubuntu1', '-a']))
    return pieces.join('')
  }
  for (let n = 0; n < count; n++) {
    const a = version()
    yield [a, pick([true, false, false]) ? `${a}${pick(['0', '~', '.1', 'a'])}` : version()]
  }
}
