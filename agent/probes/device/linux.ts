import { unreadable, value } from '../../../shared/fact.ts'
import type { Host } from '../../host/host.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { chassisOf } from './chassis.ts'
import { deviceOf, type Device } from './inventory.ts'

const HOSTNAME = '/proc/sys/kernel/hostname'
/** The kernel's copy of the tables of the maker. */
const DMI = '/sys/class/dmi/id'
/** What boards have instead, most of them with ARM (Devicetree Specification, 2.3); its texts end with a NUL. */
const TREE = '/proc/device-tree'

/** Reads the inventory from files, which needs no program. The serial number is for root only. */
export async function readLinuxDevice(host: Host): Promise<Reading<Device>> {
  const file = await host.readFile(HOSTNAME)
  if (!file.ok) return { ...unreadableBecause(file), source: HOSTNAME }
  const hostname = file.text.trim()
  if (hostname === '') return { ...unreadable(`${HOSTNAME} is empty`), source: HOSTNAME }
  // All the rest may be missing: virtual machines without any tables exist.
  const dmi = await readDmi(host)
  const [described, source] = dmi.manufacturer + dmi.model === '' ? [await readTree(host), TREE] : [dmi, DMI]
  return { ...value(deviceOf({ hostname, ...described })), source }
}

type Described = Omit<Device, 'hostname'>

async function readDmi(host: Host): Promise<Described> {
  const names = ['sys_vendor', 'product_name', 'product_serial', 'chassis_type'] as const
  const [manufacturer = '', model = '', serial = '', chassis = ''] = await Promise.all(
    names.map((name) => line(host, `${DMI}/${name}`)),
  )
  return { manufacturer, model, serial, chassis: chassisOf(chassis) }
}

async function readTree(host: Host): Promise<Described> {
  const model = await line(host, `${TREE}/model`)
  return { manufacturer: '', model, serial: await line(host, `${TREE}/serial-number`), chassis: '' }
}

async function line(host: Host, path: string): Promise<string> {
  const file = await host.readFile(path)
  return file.ok ? file.text.replaceAll('\0', '').trim() : ''
}
