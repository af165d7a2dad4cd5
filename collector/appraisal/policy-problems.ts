import { parserOf } from '../../shared/schema.ts'
import { at, inText, located, valueOf, type Located, type Path } from './located.ts'
import { didYouMean } from './nearest.ts'
import { POLICY_CHARS, PolicyDocument } from './policy-document.ts'
import { shapeFlaws, shortened, type Flaw } from './policy-shape.ts'
import { inLine, readYaml, type Place } from './yaml.ts'

/** Something that is wrong with a policy: where it stands, counted from one, and what it is, in words that follow the path. */
export type PolicyProblem = Place & {
  /** As `tiers.internal.1`; empty where it is the text itself that cannot be read. */
  path: string
  problem: string
}

/** A policy that is right, with the places of its values. */
export type PolicySource = { document: PolicyDocument; root: Located; placeOf: (offset: number) => Place }

export type PolicyRead = { ok: true; value: PolicySource } | { ok: false; problems: PolicyProblem[] }

const parse = parserOf(PolicyDocument)

/** Reads a policy, or finds all that is wrong with it, in the order of the document. Never throws. */
export function readPolicy(yaml: string): PolicyRead {
  const read = readYaml(yaml, { maxLength: POLICY_CHARS, schema: 'core' })
  if (!read.ok) return { ok: false, problems: read.problems.map((it) => ({ ...it, path: '' })) }
  const { document, placeOf } = read
  if (document.contents === null) {
    return { ok: false, problems: [{ ...placeOf(0), path: '', problem: 'the document is empty' }] }
  }
  const root = located(document.contents, yaml)
  const parsed = parse(valueOf(root))
  const references = referenceFlaws(root)
  // Which names there are says more than how a name is written.
  const isSaid = ({ offset }: Flaw) => references.some((it) => it.offset === offset)
  const flaws = [...shapeFlaws(root, PolicyDocument).filter((flaw) => !isSaid(flaw)), ...references]
  if (parsed.ok && flaws.length === 0) return { ok: true, value: { document: parsed.value, root, placeOf } }
  return { ok: false, problems: problemsOf(flaws, placeOf) }
}

/** Flaws as people find them, in the order of the document. */
export function problemsOf(flaws: readonly Flaw[], placeOf: PolicySource['placeOf']): PolicyProblem[] {
  return flaws
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ offset, path, problem }) => ({
      ...placeOf(offset),
      path: inText(path),
      problem: path.length === 0 ? `the document ${problem}` : problem,
    }))
}

/** The most that are listed; a document of another kind has thousands. */
const LISTED = 100

/** Problems for people, one a line: `line 4, column 12: tiers.internal.1 must be ...`. */
export function problemLines(problems: readonly PolicyProblem[]): string {
  const lines = problems.slice(0, LISTED).map((it) => {
    const { path, problem } = it
    return inLine({ ...it, problem: path === '' ? problem : `${path} ${problem}` })
  })
  const more = problems.length - lines.length
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n')
}

/** Tiers and groups that are referred to, and are not there. */
function referenceFlaws(root: Located): Flaw[] {
  const tiers = keysAt(root, 'tiers', null)
  const groups = keysAt(root, 'groups', [])
  return [
    referenceFlaw(root, ['default-tier'], tiers),
    ...itemsAt(root, 'resources').map((index) => referenceFlaw(root, ['resources', index, 'tier'], tiers)),
    ...itemsAt(root, 'overrides').map((index) => referenceFlaw(root, ['overrides', index, 'when', 'group'], groups)),
  ].flat()
}

function referenceFlaw(root: Located, path: Path, known: readonly string[] | null): Flaw | [] {
  const found = at(root, path)
  if (found?.kind !== 'scalar' || typeof found.value !== 'string' || !known || known.includes(found.value)) return []
  const word = `"${shortened(found.value)}"`
  const problem =
    known.length === 0
      ? `is ${word}, and the policy has none`
      : `must be one of: ${known.join(', ')}, not ${word}${didYouMean(found.value, known)}`
  return { offset: found.offset, path, problem }
}

/** The keys of a map of the document; null where something else stands there. */
function keysAt(root: Located, key: string, missing: string[] | null): string[] | null {
  const found = at(root, [key])
  if (!found) return missing
  return found.kind === 'map' ? found.entries.map((entry) => entry.key) : null
}

function itemsAt(root: Located, key: string): number[] {
  const found = at(root, [key])
  return found?.kind === 'list' ? [...found.items.keys()] : []
}
