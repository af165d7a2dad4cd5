import { readHardwareJson, readHardwareText } from '../../../agent/probes/device/macos.ts'
import { readXProtectHistory } from '../../../agent/probes/endpoint-protection/products/xprotect.ts'
import { readDefaultsNumber } from '../../../agent/probes/macos-defaults.ts'
import { readSwVers, readSystemVersion, type MacosVersion } from '../../../agent/probes/os/macos-version.ts'
import { lastUpdateIn, readInstallHistory } from '../../../agent/probes/os-updates/install-history.ts'
import { countOffers, type Offer } from '../../../agent/probes/os-updates/macos-offers.ts'
import { updateSettingsOf } from '../../../agent/probes/os-updates/macos-settings.ts'
import { readSchedule, readSoftwareUpdateList } from '../../../agent/probes/os-updates/softwareupdate.ts'
import { isPlist, readPlist, type Plist } from '../../../agent/probes/plist.ts'
import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Capture } from '../capture.ts'
import type { Concluded, Conclusion } from '../conclusion.ts'
import { concluded, type CorpusReader, type NotStarted, type Of } from '../reader.ts'

const onMacos = (program: RegExp, args?: RegExp): Of => ({ os: 'macos', program, ...(args && { args }) })
const FILE = /^(?:file|plutil|cat)$/

const osInWords = (version: MacosVersion): Conclusion => ({ os: { platform: 'macos', ...version } })

/** Of which macOS the machine is, no such answer tells. */
function offersInWords(offers: readonly Offer[]) {
  const { pending, pendingSecurity } = countOffers(offers, null)
  return { pending: pending.length, pendingSecurity, names: pending.map(({ title }) => title) }
}

function answered<T>({ text, exitCode }: Capture, read: (text: string) => Fact<T>): Fact<T> {
  return (exitCode ?? 0) === 0 ? read(text) : unreadable(`it ended with ${exitCode}`)
}

function settings({ text }: Capture): Concluded {
  return concluded(plistIn(text), (plist) => {
    const { offers, lastCheckedAt, automatic } = updateSettingsOf(plist)
    return { updates: { lastCheckedAt, automatic, ...(offers && offersInWords(offers)) } }
  })
}

/** A plist as XML, or as JSON. */
function plistIn(text: string): Fact<Plist> {
  if (!/^\s*\{/.test(text)) return readPlist(text)
  try {
    const it: unknown = JSON.parse(text)
    return isPlist(it) ? value(it) : unreadable('this is no dictionary')
  } catch (error) {
    return unreadable(String(error))
  }
}

function installHistory({ text }: Capture): Concluded {
  const rules = readXProtectHistory(text)
  const products = rules.kind === 'value' && rules.value.installed ? [{ product: 'xprotect', ...rules.value }] : []
  return concluded(readInstallHistory(text), (history) => ({
    updates: { lastInstalledAt: lastUpdateIn(history) },
    products,
  }))
}

export const readers: readonly CorpusReader[] = [
  { of: onMacos(FILE, /SystemVersion\.plist/), read: ({ text }) => concluded(readSystemVersion(text), osInWords) },
  { of: onMacos(/^sw_vers$/, /^$/), read: ({ text }) => concluded(readSwVers(text), osInWords) },
  {
    of: onMacos(/^system_profiler$/, /SPHardwareDataType/),
    read: (capture) => {
      const read = capture.args.includes('-json') ? readHardwareJson : readHardwareText
      return concluded(answered(capture, read), ({ model }) => ({ device: { model } }))
    },
  },
  { of: onMacos(FILE, /com\.apple\.SoftwareUpdate(?:\.plist)?/), read: settings },
  { of: onMacos(FILE, /InstallHistory\.plist/), read: installHistory },
  {
    of: onMacos(/^softwareupdate$/, /(?:^|\s)(?:--list|-l)(?=\s|$)/),
    read: (capture) =>
      concluded(answered(capture, readSoftwareUpdateList), (offers) => ({ updates: offersInWords(offers) })),
  },
  {
    of: onMacos(/^defaults$/, /com\.apple\.SoftwareUpdate(?:\.plist)? AutomaticCheckEnabled$/),
    read: ({ text }) =>
      concluded(readDefaultsNumber(text), (number) => ({
        updates: { automatic: updateSettingsOf({ AutomaticCheckEnabled: number }).automatic },
      })),
  },
  {
    of: onMacos(/^softwareupdate$/, /^--schedule$/),
    read: (capture) => concluded(answered(capture, readSchedule), (automatic) => ({ updates: { automatic } })),
  },
]

export const notStarted: readonly NotStarted[] = [
  {
    of: onMacos(/^softwareupdate$/, /--history/),
    instead: 'InstallHistory.plist, whose times are the same in every language',
  },
  {
    of: onMacos(/^softwareupdate$/, /--list-full-installers/),
    instead: 'they are of other systems than the one that runs',
  },
  { of: onMacos(/^system_profiler$/, /SPSoftwareDataType/), instead: 'SystemVersion.plist, without starting anything' },
  { of: onMacos(/^profiles$/), instead: 'nothing: that a machine is managed is no signal' },
]
