import type { Acts } from '../acts/all.ts'
import type { Config } from '../config.ts'
import type { Terminal } from '../print.ts'

/** Wrong usage: exit code 2, and where the right one is told. */
export class UsageError extends Error {}

type Option = {
  type: 'string' | 'boolean'
  multiple?: boolean
  /** Without it the command does nothing. */
  isNeeded?: boolean
  /** What stands for the value in the help; none for a boolean. */
  value?: string
  help: string
}
export type Options = Readonly<Record<string, Option>>

/** What was given on the command line, for a command to read. */
export type Given<Name extends string = string> = {
  /** The operand at a place. */
  operand(index: number): string
  operands: readonly string[]
  has(name: Name | 'json'): boolean
  text(name: Name): string | undefined
  texts(name: Name): string[]
}

/** What a command has around it. */
export type Session = {
  config: Config
  ask: Acts
  /** Whether the last act was done by a collector that runs. */
  isRunning(): boolean
  terminal: Terminal
  /** Who is logged in. */
  user: string
  now(): Date
  /** After how long somebody who waits is told how far it is. */
  patienceMs: number
  /** @throws Error where it cannot be read */
  readFile(path: string): string
}

/** What is printed at the end: everything for a script, what counts for a person. */
export type Said = { json: unknown; text: () => string }

export type Command<Name extends string = string> = {
  /** As in `FILE` or `[VERSION] [VERSION]`: those in brackets may be left out. */
  operands?: string
  summary: string
  options?: Readonly<Record<Name, Option>>
  /** Null where it has said everything itself. */
  run(given: Given<Name>, session: Session): Promise<Said | null>
}

/** A thing that commands are about. */
export type Noun = {
  name: string
  summary: string
  /** What a newcomer has to know, in a few lines. */
  about: string
  /** By verb; a noun that is a command itself has the one verb ``. */
  verbs: Readonly<Record<string, Command>>
  examples?: string
}

/** Has the compiler compare the options that a command reads with those that it takes. */
export function defineCommand<const Name extends string = never>(command: Command<Name>): Command {
  return command
}
