import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Host } from '../../host/host.ts'
import { askProgram } from '../ask-program.ts'
import { readPlistFile } from '../plist.ts'
import type { Reading } from '../probe.ts'
import { readSocketfilterfw, settingsOf, type ApplicationFirewall } from './socketfilterfw.ts'

/** Its own settings; the file is gone since macOS 15, which says nothing about the firewall. */
export const SETTINGS = '/Library/Preferences/com.apple.alf.plist'

/** Reads the application firewall of macOS, which is set for all networks at once. Needs no rights. */
export async function readMacos(host: Host): Promise<Reading<SignalValue['firewall']>> {
  const asked = await askProgram(host, 'socketfilterfw', ['--getglobalstate'], readSocketfilterfw)
  const isTold = asked.kind === 'value' && asked.value.enabled !== undefined
  const told = isTold ? asked : await readSettings(host)
  const enabled = told.kind === 'value' ? told.value.enabled : undefined
  const source = isTold ? 'socketfilterfw' : `socketfilterfw, ${SETTINGS}`
  if (enabled !== undefined) return { ...value({ enabled }), source }
  const why = asked.kind === 'value' ? 'socketfilterfw does not tell the state of the firewall' : asked.why
  return { ...unreadable(why), source }
}

async function readSettings(host: Host): Promise<Fact<ApplicationFirewall>> {
  const settings = await readPlistFile(host, SETTINGS)
  if (settings.kind !== 'value') return settings
  const told = settingsOf(settings.value)
  return told.enabled !== undefined ? value(told) : unreadable(`${SETTINGS} does not tell the state of the firewall`)
}
