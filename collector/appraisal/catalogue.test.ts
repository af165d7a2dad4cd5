import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { endOfSupport, lineOf, parseCatalogue } from './catalogue.ts'

const shipped = readFileSync(join(import.meta.dirname, '../releases.yaml'), 'utf8')

describe('the catalogue that ships', () => {
  const catalogue = parseCatalogue(shipped)

  test('names each line once', () => {
    const names = catalogue.lines.map(({ id, version }) => `${id} ${version}`)
    expect(new Set(names).size).toBe(names.length)
  })

  test('keeps versions as they are written, with their zeros', () => {
    expect(catalogue.lines.map(({ version }) => version)).toEqual(expect.arrayContaining(['24.10', '10', null]))
  })

  test.each(['debian', 'ubuntu', 'fedora', 'rhel', 'arch'])('knows %s', (id) => {
    expect(catalogue.lines.some((line) => line.id === id)).toBe(true)
  })
})

describe('a catalogue', () => {
  const line = 'id: debian, version: 13, name: Debian 13, supportedUntil: 2030-06-30'

  test.each([
    { name: 'nothing', yaml: '', problem: /it must be object/ },
    { name: 'broken YAML', yaml: 'lines: [', problem: /release catalogue: / },
    { name: 'no date', yaml: `lines: [{ ${line} }]`, problem: /required properties date/ },
    { name: 'a date that does not exist', yaml: `date: 2026-02-30\nlines: []`, problem: /date must match format/ },
    {
      name: 'a line without an end',
      yaml: `date: 2026-11-01\nlines: [{ id: a, version: 1, name: A }]`,
      problem: /lines.0 must have required properties supportedUntil/,
    },
    {
      name: 'a key that is not known',
      yaml: `date: 2026-11-01\nlines: [{ ${line}, esm: yes }]`,
      problem: /lines.0.esm is not a key/,
    },
    { name: 'a key twice', yaml: `date: 2026-11-01\ndate: 2026-11-02\nlines: []`, problem: /unique/ },
  ])('is refused with $name', ({ yaml, problem }) => {
    expect(() => parseCatalogue(yaml)).toThrow(
      expect.objectContaining({ code: 'config-invalid', message: expect.stringMatching(problem) }),
    )
  })
})

describe('the line of a system', () => {
  const catalogue = parseCatalogue(`
date: 2026-11-01
lines:
  - { id: ubuntu, version: 24, name: Ubuntu 24, supportedUntil: 2024-01-01 }
  - { id: ubuntu, version: 24.10, name: Ubuntu 24.10, supportedUntil: 2025-07-10 }
  - { id: rhel, version: 9, name: RHEL 9, supportedUntil: 2032-05-31 }
  - { id: arch, version: '-', name: Arch, supportedUntil: '-' }
`)

  test.each([
    { name: 'the exact version before the major one', id: 'ubuntu', version: '24.10', expected: 'Ubuntu 24.10' },
    { name: 'the major version', id: 'rhel', version: '9.6', expected: 'RHEL 9' },
    { name: 'a rolling line for no version', id: 'arch', version: '', expected: 'Arch' },
    { name: 'a rolling line for any version', id: 'arch', version: '20261101', expected: 'Arch' },
    { name: 'none for a version that is not listed', id: 'rhel', version: '10.0', expected: undefined },
    { name: 'none for a version that only begins like one', id: 'rhel', version: '90', expected: undefined },
    { name: 'none for a system that is not listed', id: 'plan9', version: '9', expected: undefined },
    { name: 'none for nothing', id: '', version: '', expected: undefined },
  ])('is $name', ({ id, version, expected }) => {
    expect(lineOf(catalogue, id, version)?.name).toBe(expected)
  })
})

test('support ends with the end of its last day in UTC', () => {
  expect(endOfSupport('2026-12-31')).toEqual(new Date('2027-01-01T00:00:00.000Z'))
})
