import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Host } from '../../host/host.ts'
import { deviceOf, type Device } from './inventory.ts'

const DMI = '/sys/class/dmi/id'

/** System Management BIOS, DSP0134 7.4.1, by number from 1. */
const CHASSIS = [
  'Other',
  'Unknown',
  'Desktop',
  'Low Profile Desktop',
  'Pizza Box',
  'Mini Tower',
  'Tower',
  'Portable',
  'Laptop',
  'Notebook',
  'Hand Held',
  'Docking Station',
  'All in One',
  'Sub Notebook',
  'Space-saving',
  'Lunch Box',
  'Main Server Chassis',
  'Expansion Chassis',
  'SubChassis',
  'Bus Expansion Chassis',
  'Peripheral Chassis',
  'RAID Chassis',
  'Rack Mount Chassis',
  'Sealed-case PC',
  'Multi-system Chassis',
  'Compact PCI',
  'Advanced TCA',
  'Blade',
  'Blade Enclosure',
  'Tablet',
  'Convertible',
  'Detachable',
  'IoT Gateway',
  'Embedded PC',
  'Mini PC',
  'Stick PC',
] as const

/** Reads the inventory from files: the kernel's copy of the maker's tables. The serial number is for root only. */
export async function readDmi(host: Host): Promise<Fact<Device>> {
  const [hostname = '', manufacturer = '', model = '', serial = '', chassis = ''] = await Promise.all(
    [
      '/proc/sys/kernel/hostname',
      `${DMI}/sys_vendor`,
      `${DMI}/product_name`,
      `${DMI}/product_serial`,
      `${DMI}/chassis_type`,
    ].map(async (path) => {
      const file = await host.readFile(path)
      return file.ok ? file.text.trim() : ''
    }),
  )
  // All the rest may be missing: machines without these tables exist.
  if (hostname === '') return unreadable('/proc/sys/kernel/hostname could not be read')
  return value(deviceOf({ hostname, manufacturer, model, serial, chassis: chassisOf(chassis) }))
}

function chassisOf(number: string): string {
  return /^\d{1,3}$/.test(number) ? (CHASSIS[Number(number) - 1] ?? '') : ''
}
