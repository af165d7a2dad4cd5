import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Host, RegistryValues } from '../../host/host.ts'
import { askPowerShell } from '../ask-program.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { readConfirmSecureBoot } from './confirm.ts'
import { readTpm, readTpmDevice, type Tpm } from './windows-tpm.ts'

type SecureBoot = SignalValue['secure-boot']

export const STATE = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecureBoot\\State'

/** Reads Secure Boot from the registry, where Windows writes it at each start, and the TPM from WMI or its device. */
export async function readWindows(host: Host): Promise<Reading<SecureBoot>> {
  const [enabled, tpm] = await Promise.all([readEnabled(host), readVersion(host)])
  const fact = enabled.kind === 'value' ? value({ enabled: enabled.value, tpm }) : enabled
  return { ...fact, source: 'registry, Win32_Tpm' }
}

async function readEnabled(host: Host): Promise<Fact<boolean>> {
  const state = await host.readRegistry(STATE)
  // Windows makes the key where it was started by UEFI only.
  if (!state.ok && state.reason === 'missing') return value(false)
  const told = state.ok ? enabledIn(state.values) : unreadableBecause(state)
  if (told.kind === 'value') return told
  const ran = await host.run('powershell', ['Confirm-SecureBootUEFI'])
  if (!ran.ok) return told
  const confirmed = readConfirmSecureBoot(ran.exitCode === 0 ? ran.stdout : '', ran.stderr)
  return confirmed.kind === 'value' ? confirmed : told
}

export function enabledIn({ UEFISecureBootEnabled: enabled }: RegistryValues): Fact<boolean> {
  return enabled === 0 || enabled === 1 ? value(enabled === 1) : unreadable(`${STATE} does not tell`)
}

/** What can tell of the TPM, in turn: its class and Windows' own view need rights, the list of devices does not. */
const SOURCES: readonly { question: string; read: (text: string) => Fact<Tpm> }[] = [
  { question: 'Win32_Tpm', read: readTpm },
  { question: 'Get-Tpm', read: readTpm },
  { question: 'Win32_PnPEntity', read: readTpmDevice },
]

async function readVersion(host: Host): Promise<SecureBoot['tpm']> {
  for (const { question, read } of SOURCES) {
    const told = await askPowerShell(host, question, read)
    if (told.kind === 'value' && told.value.tpm !== null) return told.value.tpm
  }
  return null
}
