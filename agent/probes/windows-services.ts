import { absent, unreadable, value, type Fact } from '../../shared/fact.ts'
import type { Host } from '../host/host.ts'
import { readPowerShellRecords, type PowerShellRecord } from './powershell-text.ts'
import { wordOf } from './powershell.ts'
import { unreadableBecause } from './probe.ts'

/** A service or a driver of Windows. What was not told is not there. */
export type WindowsService = {
  name: string
  running?: boolean
  /** Whether it may start: anything but "disabled". */
  enabled?: boolean
  /** Only while it runs. */
  pid?: number
}

/** By their names in small letters: Windows does not mind the letters. */
export type WindowsServices = ReadonlyMap<string, WindowsService>

/** Reads all services of Windows, by `sc.exe` where PowerShell may not be used. */
export async function readWindowsServices(host: Host): Promise<Fact<WindowsServices>> {
  const services = await readByName(host, 'Get-Service', [])
  // Every Windows has this one, so a list without it is not that of the machine.
  if (services.kind !== 'value' || services.value.has('eventlog')) return services
  return unreadable('the list of services breaks off')
}

/** Reads the drivers that a product of the catalogue has. */
export async function readWindowsDrivers(host: Host): Promise<Fact<WindowsServices>> {
  return readByName(host, 'Win32_SystemDriver', ['type=', 'driver'])
}

async function readByName(host: Host, question: string, kind: readonly string[]): Promise<Fact<WindowsServices>> {
  const asked = await host.run('powershell', [question])
  const answer = asked.ok && asked.exitCode === 0 ? readServiceRecords(asked.stdout) : null
  if (answer?.kind === 'value') return value(byName(answer.value))
  const ran = await host.run('sc', ['queryex', ...kind, 'state=', 'all', 'bufsize=', '262144'])
  if (!ran.ok) return unreadableBecause(ran)
  const list = readSc(ran.stdout)
  return ran.exitCode === 0 && list.kind === 'value'
    ? value(byName(list.value))
    : unreadable(`neither PowerShell nor sc.exe listed what ${question} asks for`)
}

function byName(services: readonly WindowsService[]): WindowsServices {
  return new Map(services.map((service) => [service.name.toLowerCase(), service]))
}

/** Reads `Win32_Service`, `Win32_SystemDriver` or `Get-Service`, as JSON or as the list or table that people see. */
export function readServiceRecords(text: string): Fact<WindowsService[]> {
  const records = readPowerShellRecords(text)
  if (records.kind !== 'value') return NO_SERVICE.test(text) ? absent('there is no such service') : records
  const services = records.value.map(serviceOf)
  const whole = services.flatMap((it) => it ?? [])
  if (whole.length < services.length) return unreadable('one of the services has no name or state')
  return byName(whole).size === whole.length ? value(whole) : unreadable('a service stands twice in the list')
}

function serviceOf(record: PowerShellRecord): WindowsService | null {
  const name = record['Name'] ?? record['ServiceName']
  if (typeof name !== 'string' || name === '') return null
  const running = STATES.get(kindOf(record['State'] ?? record['Status']))
  const enabled = START_MODES.get(kindOf(record['StartMode'] ?? record['StartType'] ?? record['StartupType']))
  const pid = record['ProcessId']
  if (running === undefined && enabled === undefined) return null
  return {
    name,
    ...(running !== undefined && { running }),
    ...(enabled !== undefined && { enabled }),
    ...(running === true && typeof pid === 'number' && Number.isInteger(pid) && pid > 0 && { pid }),
  }
}

/** The part of an error of PowerShell that is not translated; 7 leaves it out. */
const NO_SERVICE = /\bNoServiceFoundForGivenName\b|^Get-Service: Cannot find any service with service name '/m

/** The words of CIM have blanks in them, those of .NET have none. */
const kindOf = (it: unknown): string => wordOf(it).replaceAll(' ', '')

/** ServiceControllerStatus, and `State` of Win32_Service; a service on its way up or down does not do its work. */
const STATES: ReadonlyMap<string, boolean> = new Map([
  ['4', true],
  ['running', true],
  ...['1', '2', '3', '5', '6', '7'].map((it) => [it, false] as const),
  ...['stopped', 'startpending', 'stoppending', 'continuepending', 'pausepending', 'paused'].map(
    (it) => [it, false] as const,
  ),
])

/** ServiceStartMode, ServiceStartupType of PowerShell 7, and `StartMode` of Win32_Service. */
const START_MODES: ReadonlyMap<string, boolean> = new Map([
  ...['0', '1', '2', '3', '10'].map((it) => [it, true] as const),
  ...['boot', 'system', 'auto', 'automatic', 'automaticdelayedstart', 'manual'].map((it) => [it, true] as const),
  ['4', false],
  ['disabled', false],
])

/** The words of `sc.exe` for SERVICE_STATUS.dwCurrentState, by the number that stands before them. */
const SC_STATES = [
  'STOPPED',
  'START_PENDING',
  'STOP_PENDING',
  'RUNNING',
  'CONTINUE_PENDING',
  'PAUSE_PENDING',
  'PAUSED',
] as const
/** QUERY_SERVICE_CONFIG.dwStartType, from 0. */
const SC_STARTS = ['BOOT_START', 'SYSTEM_START', 'AUTO_START', 'DEMAND_START', 'DISABLED'] as const

/**
 * Reads `sc.exe query`, `queryex` or `qc`, of one service or of all. Labels are localised, what follows the numbers is
 * not. A block begins at the left edge with the name of the service; below it, indented, stands a label, a colon, a
 * number and a word.
 */
export function readSc(stdout: string): Fact<WindowsService[]> {
  const services: WindowsService[] = []
  let isHeading = false
  for (const line of stdout.split(/\r?\n/)) {
    const [, name] = /^[^\s:[\]]+ ?: ?(\S.*?)\s*$/.exec(line) ?? []
    if (name !== undefined) {
      // The second line at the left edge is the name for people.
      if (!isHeading) services.push({ name })
      isHeading = true
      continue
    }
    const service = services.at(-1)
    if (line.trim() !== '') isHeading = false
    if (service) Object.assign(service, scLine(line))
  }
  const told = services.every((it) => it.running !== undefined || it.enabled !== undefined)
  if (services.length > 0) return told ? value(services) : unreadable('the list of services breaks off')
  // ERROR_SERVICE_DOES_NOT_EXIST; the sentence beside it is localised.
  if (/^\[SC\] .*\b1060\b/m.test(stdout)) return absent('there is no such service')
  return unreadable('sc.exe listed no service')
}

function scLine(line: string): Omit<WindowsService, 'name'> {
  const [, label = '', number = '', word = ''] = /^\s+(\S[^:]*?)\s*:\s*(\d{1,10})(?:\s+(\S+).*)?$/.exec(line) ?? []
  if (label === 'PID') return Number(number) > 0 && word === '' ? { pid: Number(number) } : {}
  const state = SC_STATES[Number(number) - 1]
  if (state !== undefined && (state === word || (label === 'STATE' && isTranslated(word)))) {
    return { running: state === 'RUNNING' }
  }
  const start = SC_STARTS[Number(number)]
  if (start !== undefined && (start === word || (label === 'START_TYPE' && isTranslated(word)))) {
    return { enabled: start !== 'DISABLED' }
  }
  return {}
}

/** Behind a label that is known, the number decides where the word beside it is none of those in English. */
function isTranslated(word: string): boolean {
  return word !== '' && !/^[A-Z_]+$/.test(word)
}
