import { expect, test } from 'vitest'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readAptCheck } from './apt-check.ts'

const MORE = 'To see these additional updates run: apt list --upgradable\n'
const HUMAN = `Expanded Security Maintenance for Applications is not enabled.\n\n12 updates can be applied immediately.\n5 of these updates are standard security updates.\n${MORE}\nEnable ESM Apps to receive additional future security updates.\n`

const cases: readonly { name: string; text: string; counts: [security: number | null, pending: number] | null }[] = [
  { name: 'two numbers', text: '157;80', counts: [80, 157] },
  { name: 'two numbers of nothing', text: '0;0\n', counts: [0, 0] },
  { name: 'warnings of Python around them', text: '/x.py:1: Warning: y;z\n  import apt\r\n12;3\r\n', counts: [3, 12] },
  { name: 'sentences', text: HUMAN, counts: [5, 12] },
  {
    name: 'fixes of Ubuntu Pro beside them',
    text: `9 updates can be applied immediately.\n2 of these updates are ESM Apps security updates.\n1 of these updates is a standard security update.\n${MORE}`,
    counts: [3, 9],
  },
  {
    name: 'one update, which is one',
    text: `1 update can be applied immediately.\n1 of these updates is a security update.\n${MORE}`,
    counts: [1, 1],
  },
  { name: 'updates, and no fix among them', text: `7 updates can be applied immediately.\n${MORE}`, counts: [0, 7] },
  { name: 'no update', text: '0 updates can be applied immediately.\n', counts: [0, 0] },
  { name: 'an old version', text: '\n15 packages can be updated.\n0 updates are security updates.\n', counts: [0, 15] },
  {
    name: 'an old version, one of each',
    text: '1 package can be updated.\n1 update is a security update.\n',
    counts: [1, 1],
  },
  {
    name: 'sentences that break off',
    text: '7 updates can be applied immediately.\n5 of these upd',
    counts: [null, 7],
  },
  {
    name: 'what only a subscription brings',
    text: `0 updates can be applied immediately.\n\n9 additional security updates can be applied with ESM Apps.\n`,
    counts: [0, 0],
  },
  { name: 'in German', text: '12 Aktualisierungen können sofort installiert werden.\n', counts: null },
  { name: 'nothing', text: '', counts: null },
  { name: 'an error', text: 'E: Error: BrokenCount > 0\n', counts: null },
  { name: 'more fixes than updates', text: '3;80', counts: null },
  { name: 'two answers', text: '157;80\n0;0\n', counts: null },
  { name: 'half an answer', text: '157;', counts: null },
]

for (const { name, text, counts } of cases) {
  test(`apt-check: ${name}`, () => {
    const fact = readAptCheck(text)
    expect(fact.kind === 'value' ? [fact.value.pendingSecurity, fact.value.pending] : null).toEqual(counts)
  })
}

test('damage never throws, and never makes none of some', () => {
  for (const text of [HUMAN, 'x: warning\n157;81\n']) {
    for (const damaged of mutations(text, 10_000)) {
      const fact = readAptCheck(damaged)
      // A digit that is lost or added is another answer, not a damaged one.
      const isStated = /^(?:5 of these updates are standard security updates\.|157;81)\s*$/m.test(damaged)
      expect(fact.kind === 'value' && fact.value.pendingSecurity === 0 && isStated).toBe(false)
    }
  }
})
