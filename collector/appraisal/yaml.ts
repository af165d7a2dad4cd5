import { Composer, LineCounter, Parser, type CST, type Document, type ErrorCode } from 'yaml'
import type { Parsed } from '../../shared/schema.ts'
import { keyTwice, located, valueOf } from './located.ts'

/** A place in a text, counted from one. */
export type Place = { line: number; column: number }
export type YamlProblem = Place & { problem: string }

export type YamlOptions = {
  /** Characters. */
  maxLength: number
  /** `core`: numbers, booleans and null as YAML 1.2 has them; `failsafe`: every scalar is a string. */
  schema: 'core' | 'failsafe'
}

export type YamlRead =
  { ok: true; document: Document.Parsed; placeOf: (offset: number) => Place } | { ok: false; problems: YamlProblem[] }

/** Maps and lists inside one another. */
const MAX_DEPTH = 16

/**
 * Reads a document that somebody else wrote. Anchors, aliases, tags and directives are refused: what counts stands where
 * it is read, and nothing grows when it is resolved. A key that is there twice is left to whoever reads the document.
 * Never throws.
 */
export function readYaml(text: string, { maxLength, schema }: YamlOptions): YamlRead {
  if (text.length > maxLength) {
    const problem = `the document has ${text.length} characters, and at most ${maxLength} are read`
    return { ok: false, problems: [{ line: 1, column: 1, problem }] }
  }
  const nul = text.indexOf('\0')
  if (nul !== -1) {
    const line = text.slice(0, nul).split('\n').length
    const problem = 'this is no text in UTF-8, as which it has to be saved'
    return { ok: false, problems: [{ line, column: nul - text.lastIndexOf('\n', nul), problem }] }
  }
  const lines = new LineCounter()
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    // A byte-order mark is a character that no editor counts.
    return { line, column: line === 1 && text.startsWith('\u{feff}') ? Math.max(1, col - 1) : col }
  }
  const tokens = [...new Parser(lines.addNewLine).parse(text)]
  const { refused, isDeep, unclosed } = survey(tokens)
  // What is nested too deeply is not composed: that descends by recursion, and ends the process where the stack ends.
  // Comparing every key with every other, as `uniqueKeys` does, takes seconds at some ten thousand.
  const composer = new Composer({ schema, uniqueKeys: false, prettyErrors: false })
  const [document] = isDeep ? [] : composer.compose(tokens, true, text.length)
  const broken = document?.errors.map(({ code, message, pos }) => ({ offset: pos[0], problem: inWords(code, message) }))
  // Behind what is never closed nothing is what it seems.
  const isSound = ({ offset }: Refused) => unclosed === undefined || offset < unclosed.offset
  const problems = [...[...refused, ...(broken ?? [])].filter(isSound), ...(unclosed ? [unclosed] : [])]
  const found = problems.map(({ offset, problem }) => ({ ...placeOf(offset), problem }))
  return document && found.length === 0 ? { ok: true, document, placeOf } : { ok: false, problems: firstOfLines(found) }
}

type Refused = { offset: number; problem: string }

/** What may be right YAML and is not read all the same. */
function survey(tokens: readonly CST.Token[]): { refused: Refused[]; isDeep: boolean; unclosed?: Refused } {
  const [, second] = tokens.filter(({ type }) => type === 'document')
  const refused = second ? [{ offset: second.offset, problem: 'a second document begins here, and one is read' }] : []
  const open: Refused[] = []
  let level = tokens
  for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth++) {
    refused.push(...level.flatMap(refusal))
    open.push(...level.flatMap(neverClosed))
    level = level.flatMap(within)
  }
  const [deep] = level
  if (deep) {
    const problem = 'lists and maps are nested too deeply here'
    return { refused: [...refused, { offset: deep.offset, problem }], isDeep: true }
  }
  // What does not end leaves what holds it open, too: the innermost is where the mistake is.
  const unclosed = open.toSorted((a, b) => a.offset - b.offset).at(-1)
  return { refused, isDeep: false, ...(unclosed && { unclosed }) }
}

const REFUSALS: Partial<Record<CST.Token['type'], string>> = {
  anchor: 'anchors are not read here: write the value where it counts',
  alias: 'a value that begins with * has to be in quotes; aliases are not read here',
  tag: 'tags are not read here: write a value in quotes where it has to be text',
  directive: 'directives are not read here: this is YAML 1.2',
}

function refusal({ type, offset }: CST.Token): Refused | [] {
  const problem = REFUSALS[type]
  return problem === undefined ? [] : { offset, problem }
}

/** A quote or a bracket without its other half; the parser says so only where it gave up, often at the end of the text. */
function neverClosed(token: CST.Token): Refused | [] {
  const { offset } = token
  switch (token.type) {
    case 'double-quoted-scalar':
    case 'single-quoted-scalar': {
      const quote = token.source.charAt(0)
      const isClosed = token.source.length > 1 && token.source.endsWith(quote)
      return isClosed ? [] : { offset, problem: `this ${quote} has no other half` }
    }
    case 'flow-collection':
      return isEnded(token) ? [] : { offset, problem: `this ${token.start.source} is never closed` }
    default:
      return []
  }
}

function isEnded({ start, end }: CST.FlowCollection): boolean {
  const other = start.type === 'flow-seq-start' ? 'flow-seq-end' : 'flow-map-end'
  return end.some(({ type }) => type === other)
}

/** The tokens that a token is made of. */
function within(token: CST.Token): CST.Token[] {
  switch (token.type) {
    case 'document':
      return [...token.start, ...(token.value ? [token.value] : [])]
    case 'block-map':
    case 'block-seq':
    case 'flow-collection':
      return token.items.flatMap(({ start, key, sep, value }) => [
        ...start,
        ...(key ? [key] : []),
        ...(sep ?? []),
        ...(value ? [value] : []),
      ])
    default:
      return []
  }
}

/** The parser's own words, or ours where its say little to somebody who does not know its terms. */
function inWords(code: ErrorCode, message: string): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'there is a tab: YAML is indented by spaces'
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return 'this is not indented as its neighbours are, or has a ":" where it needs quotes'
    case 'BLOCK_IN_FLOW':
      return 'inside [ ] or { } this has to be followed by a comma'
    case 'BAD_SCALAR_START':
      return `${lowered(message)}: put it in quotes`
    default:
      return lowered(message)
  }
}

function lowered(message: string): string {
  return `${message.charAt(0).toLowerCase()}${message.slice(1, 120)}`
}

/** One mistake makes the parser stumble several times: the first of a line says it. */
function firstOfLines(problems: readonly YamlProblem[]): YamlProblem[] {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
  return sorted.filter(({ line }, index) => line !== sorted[index - 1]?.line)
}

/** A problem for people: `line 4, column 12: ...`. */
export function inLine({ line, column, problem }: YamlProblem): string {
  return `line ${line}, column ${column}: ${problem}`
}

/** The values of a document in which every scalar is a string, or what is wrong, one problem a line. */
export function plainValues(text: string, maxLength: number): Parsed<unknown> {
  const read = readYaml(text, { maxLength, schema: 'failsafe' })
  if (!read.ok) return { ok: false, problem: read.problems.map(inLine).join('\n') }
  const root = located(read.document.contents, text)
  const twice = keyTwice(root)
  if (!twice) return { ok: true, value: valueOf(root) }
  return { ok: false, problem: inLine({ ...read.placeOf(twice.offset), problem: `${twice.key} stands here twice` }) }
}
