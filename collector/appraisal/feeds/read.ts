import { MusterError } from '../../../shared/errors.ts'
import { parseCatalogue } from '../catalogue.ts'
import { dayOf, newestOf, tomorrowOf } from '../day.ts'
import { plainValues } from '../yaml.ts'
import { readDistroInfo } from './distro-info.ts'
import { readEndOfLife, readOldEndOfLife } from './endoflife.ts'
import { feedOf, invalidFeed, type Feed, type Found } from './feed.ts'
import { readGdmf } from './gdmf.ts'
import { readMsrc } from './msrc.ts'
import { readSofa } from './sofa.ts'
import { readWindowsBuilds } from './windows-builds.ts'

/** YAML is written by hand, so it is short; and a long one would keep everybody else waiting. */
const YAML_CHARACTERS = 1024 * 1024

/** Where a feed comes from: the name of its file or the path of its address, and what time it is. */
export type Origin = { name: string; now: Date }

/**
 * Reads a feed of whichever format, which its content tells. @throws MusterError `releases-invalid`, and nothing else,
 * where it is none or nothing in it could be read
 */
export function readFeed(content: Uint8Array, origin: Origin): Feed {
  try {
    return read(textOf(content), origin)
  } catch (error) {
    if (error instanceof MusterError) throw error
    throw new MusterError('releases-invalid', 'it cannot be read', { cause: error })
  }
}

function textOf(content: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch (error) {
    throw new MusterError('releases-invalid', 'it is no text in UTF-8', { cause: error })
  }
}

function read(text: string, origin: Origin): Feed {
  const [first = ''] = /\S/.exec(text) ?? []
  if (first === '') throw invalidFeed('it is empty')
  if (first === '<') throw invalidFeed('it is a web page or XML, and no feed')
  if (first === '{' || first === '[') return feedOf(readJson(jsonOf(text), origin), origin.now)
  if (text.startsWith('version,codename,series,')) return feedOf(readDistroInfo(text, origin.now), origin.now)
  return readYaml(text, origin)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new MusterError('releases-invalid', 'it is no JSON, or not all of it', { cause: error })
  }
}

/** What each of the formats in JSON has and no other. */
const BY_KEY: readonly (readonly [key: string, read: (json: unknown, now: Date) => Found])[] = [
  ['OSVersions', readSofa],
  ['PublicAssetSets', readGdmf],
  ['ProductTree', readMsrc],
  ['result', readEndOfLife],
]

function readJson(json: unknown, { name, now }: Origin): Found {
  if (Array.isArray(json) && json.some((it) => hasKey(it, 'cycle'))) return readOldEndOfLife(json, name)
  const known = BY_KEY.find(([key]) => hasKey(json, key))
  if (known) return known[1](json, now)
  if (!hasKey(json, 'value')) throw invalidFeed('it is none of the feeds that are known')
  throw invalidFeed("it is Microsoft's list of documents; name the documents themselves, as in .../cvrf/{month}")
}

function hasKey(it: unknown, key: string): boolean {
  return typeof it === 'object' && it !== null && Object.hasOwn(it, key)
}

function readYaml(yaml: string, { now }: Origin): Feed {
  if (yaml.length > YAML_CHARACTERS) throw invalidFeed('it is none of the feeds that are known, and too long for YAML')
  if (/^builds:/m.test(yaml)) {
    const values = plainValues(yaml, YAML_CHARACTERS)
    if (!values.ok) throw invalidFeed(`Windows builds: ${values.problem}`)
    return feedOf(readWindowsBuilds(values.value, now), now)
  }
  return catalogueFeed(yaml, now)
}

/** A whole catalogue is its owner's word, and counts as it stands; only that it is of the future is not believed. */
function catalogueFeed(yaml: string, now: Date): Feed {
  const { date, lines, releases } = parseCatalogue(yaml)
  const [today, tomorrow] = [dayOf(now), tomorrowOf(now)]
  const knownDays = releases.flatMap((line) => line.releases.map(({ releasedOn }) => releasedOn))
  const known = newestOf(knownDays.filter((day) => day <= today)) ?? today
  const believed = (day: string) => (day <= today ? day : day <= tomorrow ? today : known)
  const asOf = believed(date)
  const dated = <Line extends { asOf?: string }>(line: Line) => ({ ...line, asOf: believed(line.asOf ?? date) })
  return {
    format: 'catalogue',
    asOf,
    isDated: true,
    lines: lines.map(dated),
    releases: releases.map(dated),
    skipped: 0,
  }
}
