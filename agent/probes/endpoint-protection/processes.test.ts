import { expect, test } from 'vitest'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readPs } from './processes.ts'

const PS = [
  '    1     0 Ss   /sbin/launchd',
  '  421   501 S    /Library/Example Agent/bin/agent d',
  '  422    -2 S    /usr/bin/nobodys',
  '  500     0 T    /Library/Example/stopped',
  '  501     0 Z    /Library/Example/zombie',
  '  502     0 S    (unnamed)',
  '',
].join('\n')

test('reads the paths of what lives, blanks and all', () => {
  expect(readPs(PS)).toEqual({
    kind: 'value',
    value: [
      { pid: 1, path: '/sbin/launchd', isRoot: true },
      { pid: 421, path: '/Library/Example Agent/bin/agent d', isRoot: false },
      { pid: 422, path: '/usr/bin/nobodys', isRoot: false },
    ],
  })
})

test.each(['', '  421 0 S /bin/zsh\n', 'ps: illegal option'])('nothing is drawn from %j', (text) => {
  expect(readPs(text).kind).toBe('unreadable')
})

test('damage never wakes what is stopped', () => {
  for (const text of mutations(PS, 10_000)) {
    const fact = readPs(text)
    if (fact.kind !== 'value') continue
    for (const { pid, path } of fact.value) expect(pid > 0 && path.startsWith('/')).toBe(true)
  }
})
