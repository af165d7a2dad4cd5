import { Type, type Static } from 'typebox'
import { parseDocument } from 'yaml'
import { MusterError } from '../../shared/errors.ts'
import { nullable, parserOf, strict } from '../../shared/schema.ts'
import { plainValues } from './yaml.ts'

const Day = Type.String({ format: 'date' })

/**
 * The release catalogue: until when each line of an operating system gets security updates. It is data with a date;
 * a copy ships with the release.
 */
export const Catalogue = strict({
  /** The day on which somebody last compared it with the vendors' own pages. */
  date: Day,
  lines: Type.Array(
    strict({
      /** ID of os-release. */
      id: Type.String({ maxLength: 40 }),
      /** VERSION_ID of os-release, or the part of it before the first dot; null for a rolling release. */
      version: nullable(Type.String({ maxLength: 40 })),
      name: Type.String({ maxLength: 60 }),
      /** The last day with security updates for everyone; null while no end is known. */
      supportedUntil: nullable(Day),
    }),
    { maxItems: 1000 },
  ),
})
export type Catalogue = Static<typeof Catalogue>
export type Line = Catalogue['lines'][number]

const parse = parserOf(Catalogue)

/** @throws MusterError `config-invalid` with what is wrong */
export function parseCatalogue(yaml: string): Catalogue {
  const document = parseDocument(yaml, { schema: 'failsafe' })
  const values = plainValues(document)
  if (!values.ok) throw new MusterError('config-invalid', `release catalogue: ${values.problem}`)
  // In the failsafe schema every scalar is a string: a version `24.10` stays what it is. Null is written `-`.
  const catalogue = parse(JSON.parse(JSON.stringify(values.value), (_key, it: unknown) => (it === '-' ? null : it)))
  if (!catalogue.ok) throw new MusterError('config-invalid', `release catalogue: ${catalogue.problem}`)
  return catalogue.value
}

/** The line that a system belongs to: by its exact version, else by its major version, else a rolling line. */
export function lineOf(catalogue: Catalogue, id: string, version: string): Line | undefined {
  const ofSystem = catalogue.lines.filter((line) => line.id === id)
  const [major] = version.split('.')
  return (
    ofSystem.find((line) => line.version === version) ??
    ofSystem.find((line) => line.version === major) ??
    ofSystem.find((line) => line.version === null)
  )
}

/** The first moment at which a line is out of support: the end of its last day in UTC. */
export function endOfSupport(day: string): Date {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000)
}
