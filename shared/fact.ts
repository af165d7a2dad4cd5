import { Type, type Static, type TSchema } from 'typebox'

/**
 * One measured thing. A probe returns a fact and never judges it. Only `value` says something about the device;
 * the other three say why nothing can be said, and none of them may ever count as good.
 *
 * - `absent`: it was looked for with enough rights, and it is not there.
 * - `unsupported`: this kind of machine cannot have it (a screen lock on a server).
 * - `unreadable`: it could not be looked at (privilege, time-out, an answer that makes no sense).
 */
export type Fact<T> = { kind: 'value'; value: T } | NoValue

export type NoValue = { kind: 'absent' | 'unsupported' | 'unreadable'; why: string }

export const value = <T>(it: T): Fact<T> => ({ kind: 'value', value: it })
export const absent = (why: string): NoValue => ({ kind: 'absent', why: shorten(why) })
export const unsupported = (why: string): NoValue => ({ kind: 'unsupported', why: shorten(why) })
export const unreadable = (why: string): NoValue => ({ kind: 'unreadable', why: shorten(why) })

const WHY_CHARS = 300

function shorten(why: string): string {
  if (why === '') return 'no reason was given'
  return why.length <= WHY_CHARS ? why : `${why.slice(0, WHY_CHARS - 1)}…`
}

const Why = Type.String({ minLength: 1, maxLength: WHY_CHARS })

/** RFC 3339 in UTC, as `Date.prototype.toISOString` writes it; a leap second (`:60`) is no time to `Date.parse`. */
export const Time = Type.String({ format: 'date-time', pattern: ':[0-5][0-9](\\.[0-9]+)?Z$', maxLength: 30 })

/** How a fact travels: the fact, the programs or files it was read from, and when. */
export type Reported<T> = Fact<T> & { source: string; observedAt: string }

/** The schema of a reported fact whose value has the given schema. */
export function reported<V extends TSchema>(valueSchema: V) {
  const provenance = { source: Type.String({ maxLength: 200 }), observedAt: Time }
  const strict = { additionalProperties: false }
  return Type.Union([
    Type.Object({ kind: Type.Literal('value'), value: valueSchema, ...provenance }, strict),
    Type.Object(
      {
        kind: Type.Union([Type.Literal('absent'), Type.Literal('unsupported'), Type.Literal('unreadable')]),
        why: Why,
        ...provenance,
      },
      strict,
    ),
  ])
}

export type Time = Static<typeof Time>
