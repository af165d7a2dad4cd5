import { readFileSync, statSync } from 'node:fs'
import { MusterError } from '../../shared/errors.ts'
import { readFeed } from '../appraisal/feeds/read.ts'
import type { Config } from '../config.ts'
import { requirePinned } from './pin.ts'
import { SOURCE_LIMITS, parseSource, placesOf, signaturePlaceOf, type Source } from './source.ts'

/**
 * Reads the file of the catalogue and every file among its sources, and asks no address.
 * @throws MusterError with everything that is wrong with them
 */
export function checkReleaseFiles(
  { releasesFile, releaseSources }: Pick<Config, 'releasesFile' | 'releaseSources'>,
  now: Date,
): void {
  const problems: MusterError[] = []
  const attempt = (name: string, act: () => void) => {
    try {
      act()
    } catch (error) {
      if (!(error instanceof MusterError)) throw error
      problems.push(new MusterError(error.code, `${name}: ${error.message}`))
    }
  }

  attempt(releasesFile, () => {
    const { format } = readFeed(required(releasesFile), { name: releasesFile, now })
    if (format !== 'catalogue') {
      throw new MusterError('releases-invalid', 'it is no whole catalogue; feeds are named in releaseSources')
    }
  })
  for (const text of releaseSources) {
    const source = parseSource(text)
    if (source.ok && source.value.kind === 'file') attempt(source.value.name, () => checkSource(source.value, now))
  }
  const [first] = problems
  if (first) throw new MusterError(first.code, problems.map(({ message }) => message).join('; '))
}

function checkSource(source: Source, now: Date): void {
  const places = placesOf(source, now)
  const there = places.flatMap(({ at }) => {
    const content = contentOf(at)
    return content ? [{ at, content }] : []
  })
  if (there.length === 0) throw missing()
  for (const { at, content } of there) {
    const { pin } = source
    if (pin) requirePinned(pin, content, pin.kind === 'key' ? asText(contentOf(signaturePlaceOf(source, at))) : null)
    readFeed(content, { name: at, now })
  }
}

function asText(content: Buffer | null): string | null {
  return content && content.toString('latin1')
}

function required(path: string): Buffer {
  const content = contentOf(path)
  if (content) return content
  throw missing()
}

function missing(): MusterError {
  return new MusterError('releases-unreachable', 'there is no such file')
}

/** Null where there is no file. */
function contentOf(path: string): Buffer | null {
  try {
    if (statSync(path).size > SOURCE_LIMITS.bytes) {
      throw new MusterError('releases-unreachable', `it is longer than ${SOURCE_LIMITS.bytes} bytes`)
    }
    return readFileSync(path)
  } catch (error) {
    if (error instanceof MusterError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new MusterError('releases-unreachable', `it cannot be read: ${code}`, { cause: error })
  }
}
