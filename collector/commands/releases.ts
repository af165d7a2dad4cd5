import type { ActAnswer } from '../acts/all.ts'
import { defineCommand, type Noun } from './command.ts'
import { table } from './table.ts'
import { counted, moment } from './wording.ts'

type Releases = ActAnswer<'releases-show'>

const show = defineCommand({
  summary:
    'Shows the lines that are supported, until when, the newest security release of each, and how old that knowledge is.',
  options: { all: { type: 'boolean', help: 'also the lines whose support has ended' } },
  async run(given, { ask, now }) {
    const answer = await ask('releases-show', {})
    return { json: answer, text: () => releasesText(answer, given.has('all') ? null : now()) }
  },
})

const refresh = defineCommand({
  summary: 'Fetches every source now. One that fails leaves what was known before it in force.',
  async run(_given, { ask }) {
    const answer = await ask('releases-refresh', {})
    return { json: answer, text: () => sourcesText(answer) }
  },
})

/** With a moment: without the lines whose support had ended by then. */
function releasesText(releases: Releases, now: Date | null): string {
  const today = now?.toISOString().slice(0, 10) ?? ''
  const lines = releases.lines.filter((it) => (it.extendedUntil ?? it.supportedUntil ?? '9999') >= today)
  const rows = lines.map((line) => [
    line.name + (line.editions ? ` (${line.editions.join(', ')})` : ''),
    line.version ?? 'rolling',
    line.supportedUntil ?? 'no end known',
    line.extendedUntil ?? '-',
    line.newest ? `${line.newest.version} of ${line.newest.releasedOn}` : '-',
    counted(line.ageDays, 'day'),
  ])
  const shown = table(['LINE', 'VERSION', 'SUPPORTED UNTIL', 'EXTENDED', 'NEWEST RELEASE', 'AGE'], rows)
  const left = releases.lines.length - lines.length
  const rest = left > 0 ? [`${counted(left, 'line')} without support not shown: --all shows them`] : []
  return [shown, ...rest, '', sourcesText(releases)].join('\n')
}

function sourcesText({ sources }: Releases): string {
  const rows = sources.map(({ source, state, asOf, triedAt, goodAt, skipped, error }) => [
    source,
    state,
    asOf ?? '-',
    moment(state === 'failing' ? goodAt : triedAt),
    error
      ? `${error.detail} (${error.code})`
      : skipped > 0
        ? `${counted(skipped, 'entry', 'entries')} not understood`
        : '-',
  ])
  return table(['SOURCE', 'STATE', 'KNOWS UNTIL', 'LAST GOOD', 'REMARK'], rows)
}

export const releases: Noun = {
  name: 'releases',
  summary: 'which releases of operating systems are known: show, refresh',
  about: `The release catalogue says which build of each line of Windows and macOS is the newest security release, since when, and until
when each line of any system is supported (docs/releases.md). A copy ships with every release; sources keep it new.`,
  verbs: { show, refresh },
}
