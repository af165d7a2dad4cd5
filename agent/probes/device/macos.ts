import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Host } from '../../host/host.ts'
import type { ProgramName } from '../../host/programs.ts'
import { isJsonObject, parseJson } from '../json.ts'
import { askProgram } from '../ask-program.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { deviceOf, type Device } from './inventory.ts'

/** What a Mac says of itself: `Mac14,6`, and the name that people know it by, where that is told. */
export type Hardware = { model: string; name: string; serial: string }

type Source = { program: ProgramName; args: readonly string[]; read: (stdout: string) => Fact<Hardware> }

/** The first two tell the name too, by which the shape is known. */
const SOURCES: readonly Source[] = [
  { program: 'system_profiler', args: ['-json', 'SPHardwareDataType'], read: readHardwareJson },
  { program: 'system_profiler', args: ['SPHardwareDataType'], read: readHardwareText },
  { program: 'ioreg', args: ['-rd1', '-c', 'IOPlatformExpertDevice'], read: readIoreg },
]

/** Reads what this Mac is, once. Needs no root. */
export async function readMacosDevice(host: Host): Promise<Reading<Device>> {
  const hostname = await readName(host)
  if (hostname.kind !== 'value') return { ...hostname, source: 'scutil' }
  const whys: string[] = []
  for (const { program, args, read } of SOURCES) {
    const hardware = await askProgram(host, program, args, read)
    if (hardware.kind === 'value') return { ...value(macOf(hostname.value, hardware.value)), source: program }
    whys.push(hardware.why)
  }
  return { ...unreadable(whys.join('; ')), source: 'system_profiler, ioreg' }
}

/** Reads `system_profiler -json SPHardwareDataType`, whose keys are the same in every language. */
export function readHardwareJson(stdout: string): Fact<Hardware> {
  const parsed = parseJson(stdout)
  const list = isJsonObject(parsed) ? parsed['SPHardwareDataType'] : null
  const hardware: unknown = Array.isArray(list) ? list[0] : null
  if (!isJsonObject(hardware)) return unreadable('system_profiler told of no hardware')
  return hardwareOf(hardware['machine_model'], hardware['machine_name'], hardware['serial_number'])
}

/** Reads `system_profiler SPHardwareDataType`. The model is told by its form, as the words before it are localised. */
export function readHardwareText(stdout: string): Fact<Hardware> {
  const models = [...stdout.matchAll(/^ +[^ :\n][^:\n]*: ([A-Z][A-Za-z]*\d{1,3},\d{1,3})\r?$/gm)].map(
    ([, model]) => model,
  )
  const name = /^ +Model Name: (.+?)\r?$/m.exec(stdout)?.[1]
  const serial = /^ +Serial Number \(system\): (.+?)\r?$/m.exec(stdout)?.[1]
  return models.length === 1 ? hardwareOf(models[0], name, serial) : unreadable('system_profiler told of no one model')
}

/** Reads `ioreg -c IOPlatformExpertDevice`: texts in quotation marks, data as text or as digits between angle brackets. */
export function readIoreg(stdout: string): Fact<Hardware> {
  const model = /^[ |]*"model" = <(?:"([^"\n]*)"|([0-9a-f]*))>\r?$/m.exec(stdout)
  const serial = /^[ |]*"IOPlatformSerialNumber" = "([^"\n]*)"\r?$/m.exec(stdout)?.[1]
  return hardwareOf(
    model?.[1] ??
      Buffer.from(model?.[2] ?? '', 'hex')
        .toString('latin1')
        .replaceAll('\0', ''),
    '',
    serial,
  )
}

function hardwareOf(model: unknown, name: unknown, serial: unknown): Fact<Hardware> {
  if (typeof model !== 'string' || !/^[A-Za-z]{2,20}\d{1,3},\d{1,3}$/.test(model)) {
    return unreadable('the model of this Mac is not told')
  }
  return value({ model, name: typeof name === 'string' ? name : '', serial: typeof serial === 'string' ? serial : '' })
}

/** The shape of what is sold under a name. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/^MacBook/, 'Notebook'],
  [/^iMac/, 'All in One'],
  [/^Mac ?(?:mini|Studio)/i, 'Mini PC'],
  [/^Mac ?Pro/, 'Tower'],
]

function macOf(hostname: string, { model, name, serial }: Hardware): Device {
  // A virtual machine of another maker has a model of its own.
  const manufacturer = /^(?:i?Mac|VirtualMac|Xserve|ADP)/.test(model) ? 'Apple Inc.' : ''
  const chassis = SHAPES.find(([shape]) => shape.test(name) || shape.test(model))?.[1] ?? ''
  return deviceOf({ hostname, manufacturer, model, serial, chassis })
}

/** The name in the network, which few set, or the one that every Mac has. */
async function readName(host: Host): Promise<Fact<string>> {
  for (const name of ['HostName', 'LocalHostName']) {
    const ran = await host.run('scutil', ['--get', name])
    const told = ran.ok && ran.exitCode === 0 ? ran.stdout.trim() : ''
    if (/^[\w.-]{1,255}$/.test(told)) return value(told)
  }
  // What people call it may have blanks.
  const named = await host.run('scutil', ['--get', 'ComputerName'])
  if (!named.ok) return unreadableBecause(named)
  const isName = named.exitCode === 0 && /^[^\r\n]{1,255}\s*$/.test(named.stdout) && named.stdout.trim() !== ''
  return isName ? value(named.stdout.trim()) : unreadable('scutil did not tell the name of the machine')
}
