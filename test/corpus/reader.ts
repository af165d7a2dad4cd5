import type { NoValue } from '../../shared/fact.ts'
import type { Platform } from '../../shared/signals.ts'
import type { Capture } from './capture.ts'
import type { Concluded, Conclusion } from './conclusion.ts'

/** Which captures: of which system, of which program, with which arguments. */
export type Of = { os?: Platform; program: RegExp; args?: RegExp }

/** Gives captures of a command to the agent's own reader of it, and says in the corpus's words what that concludes. */
export type CorpusReader = { of: Of; read: (capture: Capture) => Concluded }

/** A program that the agent never starts, and what it reads instead. */
export type NotStarted = { of: Of; instead: string }

export function matches({ os, program, args }: Of, capture: Capture): boolean {
  const isOs = os === undefined || os === capture.os
  return isOs && program.test(capture.program) && (args?.test(capture.args) ?? true)
}

/** The conclusion of a fact that is a value; that nothing may be drawn where it is none. */
export function concluded<T>(fact: { kind: 'value'; value: T } | NoValue, words: (value: T) => Conclusion): Concluded {
  return fact.kind === 'value' ? words(fact.value) : { unreadable: `${fact.kind}: ${fact.why}` }
}
