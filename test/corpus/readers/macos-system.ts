import { readHardwareJson, readHardwareText, readIoreg } from '../../../agent/probes/device/macos.ts'
import { readXProtectHistory } from '../../../agent/probes/endpoint-protection/products/xprotect.ts'
import { readDefaultsNumber } from '../../../agent/probes/macos-defaults.ts'
import { readSwVers, readSystemVersion, type MacosVersion } from '../../../agent/probes/os/macos-version.ts'
import { lastUpdateIn, readInstallHistory } from '../../../agent/probes/os-updates/install-history.ts'
import { countOffers, type Offer } from '../../../agent/probes/os-updates/macos-offers.ts'
import { updateSettingsOf } from '../../../agent/probes/os-updates/macos-settings.ts'
import { readSchedule, readSoftwareUpdateList } from '../../../agent/probes/os-updates/softwareupdate.ts'
import { readPlist } from '../../../agent/probes/plist.ts'
import type { Fact } from '../../../shared/fact.ts'
import type { Capture } from '../capture.ts'
import type { Concluded, Conclusion } from '../conclusion.ts'
import { answered, concluded, mapped, onMacos, type CorpusReader, type NotStarted } from '../reader.ts'

const FILE = /^(?:file|plutil|cat|defaults)$/

const osInWords = (version: MacosVersion): Conclusion => ({ os: { platform: 'macos', ...version } })

/** Of which macOS the machine is, no such answer tells. */
function offersInWords(offers: readonly Offer[]) {
  const { pending, pendingSecurity } = countOffers(offers, null)
  return { pending: pending.length, pendingSecurity, names: pending.map(({ title }) => title) }
}

/** All settings, or one that was asked for by its name; those beside the first say nothing where they stand alone. */
function settings({ text, args }: Capture): Concluded {
  const [, name] = /com\.apple\.SoftwareUpdate(?:\.plist)?["']?\s+(\w+)$/.exec(args) ?? []
  const plist = name === undefined ? readPlist(text) : mapped(settingIn(text), (it) => ({ [name]: it }))
  return concluded(plist, (it) => {
    const { offers, lastCheckedAt, automatic } = updateSettingsOf(it)
    const isTold = name === undefined || name === 'AutomaticCheckEnabled'
    return { updates: { lastCheckedAt, automatic: isTold ? automatic : null, ...(offers && offersInWords(offers)) } }
  })
}

/** `defaults read DOMAIN KEY` prints the value alone. */
function settingIn(text: string): Fact<unknown> {
  const number = readDefaultsNumber(text)
  if (number.kind === 'value') return number
  return /^\s*[({]|^\d{4}-\d\d-\d\d /.test(text)
    ? mapped(readPlist(`{ it = ${quoted(text)}; }`), (it) => it['it'])
    : number
}

const quoted = (text: string): string => (/^\s*[({]/.test(text) ? text : `"${text.trim()}"`)

/** `sw_vers -productVersion` prints one field alone: the line that it stands for, among others that are in order. */
function oneField({ text, args }: Capture): Concluded {
  const [, flag = ''] = /^--?(\w+)$/.exec(args) ?? []
  const field = FIELDS.find(({ name }) => name.toLowerCase() === flag.toLowerCase())
  const lines = FIELDS.map(({ name, usual }) => `${name}: ${name === field?.name ? text.trim() : usual}`)
  return concluded(readSwVers(lines.join('\n')), (version) => ({
    os: field === undefined ? {} : { platform: 'macos', [field.key]: version[field.key] },
  }))
}

const FIELDS = [
  { name: 'ProductName', key: 'name', usual: 'macOS' },
  { name: 'ProductVersion', key: 'version', usual: '11.0' },
  { name: 'ProductVersionExtra', key: 'rapidResponse', usual: '' },
  { name: 'BuildVersion', key: 'build', usual: '20A1' },
] as const

function installHistory({ text }: Capture): Concluded {
  const rules = readXProtectHistory(text)
  const products = rules.kind === 'value' && rules.value.installed ? [{ product: 'xprotect', ...rules.value }] : []
  return concluded(readInstallHistory(text), (history) => ({
    updates: { lastInstalledAt: lastUpdateIn(history) },
    products,
  }))
}

export const readers: readonly CorpusReader[] = [
  {
    of: onMacos(FILE, /SystemVersion(?:Compat)?(?:\.plist)?["']?$/),
    read: ({ text }) => concluded(readSystemVersion(text), osInWords),
  },
  { of: onMacos(/^sw_vers$/, /^$/), read: ({ text }) => concluded(readSwVers(text), osInWords) },
  { of: onMacos(/^sw_vers$/, /^--?(?:productName|productVersion|productVersionExtra|buildVersion)$/i), read: oneField },
  {
    of: onMacos(/^ioreg$/, /IOPlatformExpertDevice/),
    read: (capture) => concluded(answered(capture, readIoreg), ({ model }) => ({ device: { model } })),
  },
  {
    of: onMacos(/^system_profiler$/, /^(?!.*SPiBridge).*SPHardwareDataType/),
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
