import { expect, test } from 'vitest'
import { mutations } from '../../../test/fakes/mutations.ts'
import { labelledLines } from './labelled-lines.ts'

test('labels: what stands behind them, however they are written', () => {
  const text =
    'Product version: 7.0\r\n  - Antimalware status: On\r\n\tSensor State[Enabled]\nServer: https://a.example:443/x\n'
  expect([...labelledLines(text)]).toEqual([
    ['product version', '7.0'],
    ['antimalware status', 'On'],
    ['sensor state', 'Enabled'],
    ['server', 'https://a.example:443/x'],
  ])
})

test('labels: a heading, a line without one and two answers to one question are none', () => {
  expect(labelledLines('Features:\nOn\nhttps://a.example/\nState: On\nState: Off\nState: On\n').size).toBe(0)
  expect(labelledLines('State: On\nState: On\n').get('state')).toBe('On')
})

test('labels: quick on whatever is printed', () => {
  for (const text of [
    'a'.repeat(200_000),
    'a '.repeat(100_000),
    '['.repeat(100_000),
    'a: '.repeat(60_000),
    '- '.repeat(100_000),
  ]) {
    const before = performance.now()
    labelledLines(text)
    expect(performance.now() - before).toBeLessThan(200)
  }
  for (const text of mutations('Product version: 7.0\n  - Antimalware status: On\n', 10_000)) labelledLines(text)
})
