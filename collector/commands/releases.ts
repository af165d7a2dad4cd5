import type { ActAnswer } from '../acts/all.ts'
import { defineCommand, type Noun } from './command.ts'
import { table } from './table.ts'
import { counted, orDash } from './wording.ts'

type Releases = ActAnswer<'releases-show'>

const show = defineCommand({
  summary:
    'Shows the lines that are known, until when each is supported, its newest security release, and how old that knowledge is.',
  async run(_given, { ask }) {
    const answer = await ask('releases-show', {})
    return { json: answer, text: () => releasesText(answer) }
  },
})

const refresh = defineCommand({
  summary: 'Fetches every source now. One that fails leaves what was known before it in force.',
  async run(_given, { ask }) {
    const answer = await ask('releases-refresh', {})
    return { json: answer, text: () => sourcesText(answer) }
  },
})

function releasesText(releases: Releases): string {
  const rows = releases.lines.map((line) => [
    line.name + (line.editions ? ` (${line.editions.join(', ')})` : ''),
    line.version ?? 'rolling',
    line.supportedUntil ?? 'no end known',
    line.extendedUntil ?? '-',
    line.newest ? `${line.newest.version} of ${line.newest.releasedOn}` : '-',
    counted(line.ageDays, 'day'),
  ])
  const lines = table(['LINE', 'VERSION', 'SUPPORTED UNTIL', 'EXTENDED', 'NEWEST RELEASE', 'AGE'], rows)
  return [lines, '', sourcesText(releases)].join('\n')
}

function sourcesText({ date, ageDays, sources }: Releases): string {
  const shipped = `The catalogue is of ${date}, ${counted(ageDays, 'day')} old.`
  return [shipped, ...sources.map((it) => orDash(JSON.stringify(it)))].join('\n')
}

export const releases: Noun = {
  name: 'releases',
  summary: 'which releases of operating systems are known: show, refresh',
  about: `The release catalogue says which build of each line of Windows and macOS is the newest security release, since when, and until
when each line of any system is supported (docs/releases.md). A copy ships with every release; sources keep it new.`,
  verbs: { show, refresh },
}
