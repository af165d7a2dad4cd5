import { createHash } from 'node:crypto'
import { chmod, mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { Time } from '../../shared/fact.ts'
import { jsonParserOf, nullable, oneOf, strict, text } from '../../shared/schema.ts'
import { Catalogue } from '../appraisal/catalogue.ts'
import { FEED_FORMATS, type Dated, type Feed } from '../appraisal/feeds/feed.ts'
import { VERSION } from '../version.ts'

/** The last good copy of a source: what was read of it, and when. */
export type Kept = {
  feed: Feed
  /** When its content was fetched whole. */
  readAt: Date
  /** When its content was last known to be the newest. */
  checkedAt: Date
  /** Null where there is none, or where an older release of ours read it. */
  etag: string | null
}

const File = strict({
  version: Type.Literal(1),
  /** Source and place, so that a copy is never taken for that of another. */
  of: text(4000),
  readBy: text(40),
  readAt: Time,
  etag: nullable(text(300)),
  format: oneOf(FEED_FORMATS),
  isDated: Type.Boolean(),
  skipped: Type.Integer({ minimum: 0 }),
  catalogue: Catalogue,
})
const parse = jsonParserOf(File)

export type Copies = {
  /** Null where there is none, or none that can be read. */
  load(source: string, place: string): Promise<Kept | null>
  save(source: string, place: string, kept: Kept): Promise<void>
  /** Removes what belongs to no place that is named any more. */
  forgetAllBut(places: readonly (readonly [source: string, place: string])[]): Promise<void>
}

/** The copies in a folder, which is for the collector's own user alone. */
export async function openCopies(folder: string): Promise<Copies> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (process.platform !== 'win32') await chmod(folder, 0o700)
  const pathOf = (source: string, place: string) => join(folder, fileNameOf(source, place))

  return {
    async load(source, place) {
      const json = await readFile(pathOf(source, place), 'utf8').catch(() => '')
      const parsed = parse(json)
      return parsed.ok && parsed.value.of === ownerOf(source, place) ? keptOf(parsed.value) : null
    },
    async save(source, place, { feed, readAt, etag }) {
      const { format, isDated, skipped, asOf: date, lines, releases } = feed
      const content: Static<typeof File> = {
        version: 1,
        of: ownerOf(source, place),
        readBy: VERSION,
        readAt: readAt.toISOString(),
        etag,
        format,
        isDated,
        skipped,
        catalogue: { date, lines: [...lines], releases: [...releases] },
      }
      await writeWhole(pathOf(source, place), JSON.stringify(content))
    },
    async forgetAllBut(places) {
      const named = new Set(places.map(([source, place]) => fileNameOf(source, place)))
      const ours = (await readdir(folder)).filter((name) => /^[\w-]{43}\.json(?:\.new)?$/.test(name))
      for (const name of ours) if (!named.has(name)) await rm(join(folder, name), { force: true })
    },
  }
}

function keptOf({ readBy, readAt, etag, format, isDated, skipped, catalogue }: Static<typeof File>): Kept {
  const { date: asOf, lines, releases } = catalogue
  const dated = <Line extends { asOf?: string }>(line: Line): Dated<Line> => ({ ...line, asOf: line.asOf ?? asOf })
  const read = new Date(readAt)
  return {
    feed: { format, asOf, isDated, skipped, lines: lines.map(dated), releases: releases.map(dated) },
    readAt: read,
    checkedAt: read,
    // Another release may read more out of the same content, so that it has to be fetched again.
    etag: readBy === VERSION ? etag : null,
  }
}

function ownerOf(source: string, place: string): string {
  return JSON.stringify([source, place])
}

function fileNameOf(source: string, place: string): string {
  return `${createHash('sha256').update(ownerOf(source, place)).digest('base64url')}.json`
}

/** After a power cut there is the copy of before or the new one, and never a part of one. */
async function writeWhole(path: string, content: string): Promise<void> {
  const aside = `${path}.new`
  await rm(aside, { force: true })
  const file = await open(aside, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(aside, path)
}
