import { unreadable, value, type Fact, type NoValue } from '../../../shared/fact.ts'
import type { Host } from '../../host/host.ts'
import { readPowerShellRecords, type PowerShellRecord } from '../powershell-text.ts'
import { numberOf, textOf } from '../powershell.ts'
import { askPowerShell } from '../ask-program.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { chassisOf } from './chassis.ts'
import { deviceOf, type Device } from './inventory.ts'

/** What Windows copied from the tables of the maker when it started. */
const BIOS = 'HKLM\\HARDWARE\\DESCRIPTION\\System\\BIOS'
/** The name in the network, and the one of fifteen capitals that older programs go by. */
const NAMES = [
  ['HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters', ['Hostname', 'NV Hostname']],
  ['HKLM\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ActiveComputerName', ['ComputerName']],
] as const

/** Reads what this machine is from the registry, and from CIM what that does not hold. Needs no rights. */
export async function readWindowsDevice(host: Host): Promise<Reading<Device>> {
  const source = `registry ${BIOS}, Win32_BIOS`
  const [hostname, bios, told] = await Promise.all([readName(host), host.readRegistry(BIOS), askBios(host)])
  if (hostname.kind !== 'value') return { ...hostname, source }
  if (!bios.ok && bios.reason !== 'missing') return { ...unreadableBecause(bios), source }
  const { SystemManufacturer: manufacturer = '', SystemProductName: model = '' } = bios.ok ? bios.values : {}
  const described = { manufacturer: String(manufacturer), model: String(model) }
  return {
    ...value(
      deviceOf({
        hostname: hostname.value,
        ...described,
        serial: textOf(told['SerialNumber']) ?? '',
        chassis: shapeOf(told['ChassisTypes']),
      }),
    ),
    source,
  }
}

async function readName(host: Host): Promise<Fact<string>> {
  let unseen: NoValue | undefined
  for (const [key, values] of NAMES) {
    const found = await host.readRegistry(key)
    if (!found.ok && found.reason !== 'missing') unseen ??= unreadableBecause(found)
    const name = values.map((it) => (found.ok ? textOf(found.values[it]) : null)).find((it) => it !== null)
    if (name !== undefined && name !== null) return value(name)
  }
  return unseen ?? unreadable('the registry does not tell the name of the machine')
}

/** The serial number and the shape; none where CIM does not tell them. */
async function askBios(host: Host): Promise<PowerShellRecord> {
  const records = await askPowerShell(host, 'Win32_BIOS', readPowerShellRecords)
  return (records.kind === 'value' ? records.value[0] : undefined) ?? {}
}

/** The first shape that is one: 1 and 2 are "other" and "unknown". */
function shapeOf(types: unknown): string {
  const numbers = (Array.isArray(types) ? types : [types]).flatMap((it) => numberOf(it) ?? [])
  return numbers.filter((it) => it > 2).map((it) => chassisOf(String(it)))[0] ?? ''
}
