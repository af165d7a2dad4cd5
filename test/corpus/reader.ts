import { unreadable, value, type Fact } from '../../shared/fact.ts'
import type { Platform } from '../../shared/signals.ts'
import type { Capture } from './capture.ts'
import type { Concluded, Conclusion } from './conclusion.ts'

/** Which captures: of which system, of which program, with which arguments. */
export type Of = { os?: Platform; program: RegExp; args?: RegExp }

export const onLinux = (program: RegExp, args?: RegExp): Of => ({ os: 'linux', program, ...(args && { args }) })
export const onMacos = (program: RegExp, args?: RegExp): Of => ({ os: 'macos', program, ...(args && { args }) })
export const onWindows = (program: RegExp, args?: RegExp): Of => ({ os: 'windows', program, ...(args && { args }) })

/** Gives captures of a command to the agent's own reader of it, and says in the corpus's words what that concludes. */
export type CorpusReader = { of: Of; read: (capture: Capture) => Concluded }

/** A program that the agent never starts, and what it reads instead. */
export type NotStarted = { of: Of; instead: string }

export function matches({ os, program, args }: Of, capture: Capture): boolean {
  const isOs = os === undefined || os === capture.os
  return isOs && program.test(capture.program) && (args?.test(capture.args) ?? true)
}

/** The conclusion of a fact that is a value; that nothing may be drawn where it is none. */
export function concluded<T>(fact: Fact<T>, words: (value: T) => Conclusion): Concluded {
  return fact.kind === 'value' ? words(fact.value) : { unreadable: `${fact.kind}: ${fact.why}` }
}

/** As the agent asks: of a program that ended with an error nothing is taken. */
export function answered<T>({ text, exitCode }: Capture, read: (text: string) => Fact<T>): Fact<T> {
  return (exitCode ?? 0) === 0 ? read(text) : unreadable(`it ended with ${exitCode}`)
}

/** The fact of something made of a value. */
export function mapped<T, U>(fact: Fact<T>, change: (it: T) => U): Fact<U> {
  return fact.kind === 'value' ? value(change(fact.value)) : fact
}
