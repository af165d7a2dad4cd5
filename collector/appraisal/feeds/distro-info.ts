import type { SupportLine } from '../catalogue.ts'
import { dayIn, tomorrowOf } from '../day.ts'
import { invalidFeed, type Found } from './feed.ts'

/** The columns that tell until when everyone gets security updates, the later phase first. */
const DISTRIBUTIONS = {
  // LTS is for everyone; ELTS is paid.
  debian: { title: 'Debian', ends: ['eol-lts', 'eol'], knownBy: 'sid' },
  // Later phases need a registration, which a version does not prove.
  ubuntu: { title: 'Ubuntu', ends: ['eol'], knownBy: 'warty' },
} as const

/** Of the package distro-info-data: `debian.csv` and `ubuntu.csv`. Rows may end before the last columns. */
export function readDistroInfo(csv: string, now: Date): Found {
  const [header = '', ...rows] = csv.split(/\r?\n/)
  const columns = header.split(',').map((name) => name.trim())
  const cells = rows.filter((row) => row.trim() !== '').map((row) => row.split(',').map((cell) => cell.trim()))
  const at = (name: string) => (row: readonly string[]) => {
    const index = columns.indexOf(name)
    return index === -1 ? '' : (row[index] ?? '')
  }
  const [versionOf, seriesOf, createdOf, releaseOf] = [at('version'), at('series'), at('created'), at('release')]
  const distribution = (['debian', 'ubuntu'] as const).find((id) =>
    cells.some((row) => seriesOf(row) === DISTRIBUTIONS[id].knownBy),
  )
  if (!distribution) throw invalidFeed('distro-info: it is neither debian.csv nor ubuntu.csv, as far as its rows tell')
  const { title, ends } = DISTRIBUTIONS[distribution]

  const lines: SupportLine[] = []
  const knownDays: string[] = []
  let skipped = 0
  for (const row of cells) {
    const created = dayIn(createdOf(row))
    if (created !== null) knownDays.push(created)
    const [, version, lts] = /^(\d{1,3}(?:\.\d{1,3})?)( LTS)?$/.exec(versionOf(row)) ?? []
    const released = releaseOf(row)
    // sid has no version, and what is still being made no day of release: neither is a line.
    if (versionOf(row) === '' || released === '') continue
    const releasedOn = dayIn(released)
    const end = ends.map((name) => at(name)(row)).find((it) => it !== '')
    // A row that is cut off before its end tells none; it does not tell that there is none.
    const supportedUntil = dayIn(end)
    if (version === undefined || releasedOn === null || supportedUntil === null) {
      skipped++
      continue
    }
    if (releasedOn > tomorrowOf(now)) continue
    knownDays.push(releasedOn)
    lines.push({ id: distribution, version, name: `${title} ${version}${lts ?? ''}`, supportedUntil })
  }
  return { format: 'distro-info', statedOn: null, knownDays, lines, releases: [], skipped }
}
