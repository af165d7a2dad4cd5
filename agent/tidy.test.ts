import { expect, test } from 'vitest'
import { tidier } from './tidy.ts'

const MB = 1024 * 1024

test('collects garbage when the process has grown, and not again until it grows again', () => {
  let resident = 80 * MB
  let collections = 0
  const tidy = tidier(
    () => {
      collections++
      resident = 60 * MB
    },
    () => resident,
  )
  tidy()
  expect(collections).toBe(1)
  resident = 62 * MB
  tidy()
  expect(collections).toBe(1)
  resident = 64 * MB
  tidy()
  expect(collections).toBe(2)
})

test('does nothing where Node does not let it', () => {
  expect(tidier(undefined, () => 80 * MB)).not.toThrow()
})
