import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mutations } from '../fakes/mutations.ts'
import { READERS } from './all.ts'
import { readCorpus, type Capture } from './capture.ts'
import type { Concluded } from './conclusion.ts'
import { CORPUS } from './folder.ts'
import { matches } from './reader.ts'

const captures = existsSync(CORPUS) ? readCorpus(CORPUS) : []
const topicOf = ({ name }: Capture): string => name.slice(0, name.lastIndexOf('/'))

const says = (it: object | undefined, key: string, good: unknown): boolean =>
  Object.entries(it ?? {}).some(([name, is]) => name === key && is === good)

/** What a conclusion says that would let a machine in. */
function goodIn(concluded: Concluded): string[] {
  if ('unreadable' in concluded) return []
  const { volumes = [], products = [], firewall, screenLock, secureBoot, updates } = concluded
  return [
    ...volumes.flatMap((volume) => (says(volume, 'state', 'on') ? ['a volume is on'] : [])),
    ...products.flatMap((product) => (says(product, 'healthy', true) ? [`${product.product} is healthy`] : [])),
    ...products.flatMap((product) => (says(product, 'running', true) ? [`${product.product} runs`] : [])),
    ...(says(firewall, 'enabled', true) ? ['the firewall is on'] : []),
    ...(says(screenLock, 'enabled', true) ? ['the screen locks'] : []),
    ...(says(secureBoot, 'enabled', true) ? ['Secure Boot is on'] : []),
    ...(says(updates, 'pendingSecurity', 0) || says(updates, 'pending', 0) ? ['no update is missing'] : []),
    ...(says(updates, 'rebootRequired', false) ? ['no restart is owed'] : []),
  ]
}

/** A lone word, such as "true", is an answer of many programs, and so is a sentence that something was not found. */
function isOwnAnswer({ text, exitCode }: Capture): boolean {
  return text.length > 12 && !/^(?:true|false)$/im.test(text) && (exitCode ?? 0) === 0
}

/** A reader with each capture that it takes. */
const pairs = READERS.flatMap((reader) =>
  captures.filter((it) => matches(reader.of, it)).map((own) => ({ reader, own })),
)

// A pattern that runs away on damage does so for minutes, and the time limit of the test ends it.
test.skipIf(captures.length === 0)('a damaged capture is read, and never throws (skipped without a corpus)', () => {
  const threw: string[] = []
  for (const { reader, own } of pairs) {
    for (const text of mutations(own.text, 100)) {
      try {
        reader.read({ ...own, text })
      } catch (error) {
        threw.push(`${own.name}: ${String(error)}`)
      }
    }
  }
  expect(threw).toEqual([])
})

test.skipIf(captures.length === 0)('what another program printed makes nothing good (skipped without a corpus)', () => {
  const found: string[] = []
  for (const { reader, own } of pairs) {
    const foreign = captures.filter((it) => topicOf(it) !== topicOf(own) && it.program !== own.program)
    for (const { name, text } of foreign.filter((it) => isOwnAnswer(it) && !matches(reader.of, it))) {
      const good = goodIn(reader.read({ ...own, text }))
      if (good.length > 0) found.push(`${own.name} given ${name}: ${good.join(', ')}`)
    }
  }
  expect(found).toEqual([])
})
