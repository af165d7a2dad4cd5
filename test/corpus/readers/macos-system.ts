import { readSwVers, readSystemVersion, type MacosVersion } from '../../../agent/probes/os/macos-version.ts'
import type { Conclusion } from '../conclusion.ts'
import { concluded, type CorpusReader, type NotStarted, type Of } from '../reader.ts'

const onMacos = (program: RegExp, args?: RegExp): Of => ({ os: 'macos', program, ...(args && { args }) })

const osInWords = (version: MacosVersion): Conclusion => ({ os: { platform: 'macos', ...version } })

export const readers: readonly CorpusReader[] = [
  {
    of: onMacos(/^(?:file|plutil|cat)$/, /SystemVersion\.plist/),
    read: ({ text }) => concluded(readSystemVersion(text), osInWords),
  },
  { of: onMacos(/^sw_vers$/, /^$/), read: ({ text }) => concluded(readSwVers(text), osInWords) },
]

export const notStarted: readonly NotStarted[] = []
