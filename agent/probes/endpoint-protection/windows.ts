import { value, type Fact } from '../../../shared/fact.ts'
import type { Product, SignalValue } from '../../../shared/signals.ts'
import type { Host } from '../../host/host.ts'
import type { Reading } from '../probe.ts'
import {
  readWindowsDrivers,
  readWindowsServices,
  type WindowsService,
  type WindowsServices,
} from '../windows-services.ts'
import { askAll, askUnseen } from './ask.ts'
import type { WindowsProduct } from './catalogue.ts'
import { productOf } from './product-state.ts'
import { PRODUCTS } from './products/all.ts'
import { readSecurityCenter, toldOf, type Registration } from './security-center.ts'
import { together, type Told } from './told.ts'
import { strangersOf } from './strangers.ts'
import type { IsRunning, Running } from './watch.ts'

/** What Windows itself knows of services, drivers and antivirus products. */
type Seen = { services: Fact<WindowsServices>; drivers: Fact<WindowsServices>; center: readonly Registration[] }
type OnWindows = { id: string; windows: WindowsProduct }

/** As many as a collector takes. */
const MOST_PRODUCTS = 32

/**
 * Reads which products of the catalogue are installed on Windows, whether they run, and what they say of themselves; and
 * what else has registered with Security Center.
 */
export async function readWindows(
  host: Host,
): Promise<{ reading: Reading<SignalValue['endpoint-protection']>; running: Running[] }> {
  const [services, drivers, registered] = await Promise.all([
    readWindowsServices(host),
    readWindowsDrivers(host),
    readSecurityCenter(host),
  ])
  // The entry of a product that is gone says nothing.
  const center = registered.kind === 'value' ? registered.value.filter(({ hasProgram }) => hasProgram !== false) : []
  const known = PRODUCTS.flatMap(({ id, windows }) => (windows ? [{ id, windows }] : []))
  const found = await Promise.all(known.map((product) => readProduct(host, product, { services, drivers, center })))
  const names = known.flatMap(({ windows }) => windows.displayName ?? [])
  const strangers = strangersOf(center.filter(({ displayName }) => !names.some((name) => name.test(displayName))))
  const products = [...found.flatMap(({ product }) => product ?? []), ...strangers].slice(0, MOST_PRODUCTS)

  const running = found.flatMap((it) => it.running)
  const source = ['services, Security Center', ...found.flatMap(({ sources }) => sources)].join(', ')
  // Nothing found is an answer only if every place could be looked at; Windows Server has no Security Center.
  const unseen = [services, registered].find((it) => it.kind === 'absent' || it.kind === 'unreadable')
  if (products.length === 0 && unseen && unseen.kind !== 'value') return { reading: { ...unseen, source }, running }
  return { reading: { ...value({ products }), source }, running }
}

/** `product` is null for one that is not installed. */
type Found = { product: Product | null; running: readonly Running[]; sources: readonly string[] }

async function readProduct(
  host: Host,
  { id, windows }: OnWindows,
  { services, drivers, center }: Seen,
): Promise<Found> {
  const registrations = center.filter(({ displayName }) => windows.displayName?.test(displayName) ?? false)
  const isInstalled = services.kind === 'value' && serviceNames(windows).some((name) => find(services.value, name))
  const isSeen = isInstalled || registrations.length > 0
  const early = isSeen || services.kind === 'value' ? null : await askUnseen(host, windows.asks)
  if (!isSeen && !early) return { product: null, running: [], sources: [] }

  const runs = isInstalled ? runningOf(windows, services.value, drivers) : notSeen(services)
  if (runs.told.running === false) {
    return { product: productOf(id, { installed: true, ...runs.told }, windows), running: [], sources: [] }
  }
  const { outputs, unread, sources } = early ?? (await askAll(host, windows.asks))
  const { running: itsWord, ...more } = together(outputs)
  // Its own word that it runs is not enough, its word that it does not is.
  const told = together([
    { installed: true, ...runs.told },
    toldOf(registrations),
    more,
    itsWord === false ? { running: false } : {},
  ])
  const parts = services.kind === 'value' ? missingParts(windows, services.value, told) : {}
  return {
    product: productOf(id, together([told, parts]), { ...windows, unread: [...runs.unread, ...unread] }),
    running: runs.pids.length > 0 ? [{ id, pids: runs.pids }] : [],
    sources,
  }
}

function notSeen(services: Fact<WindowsServices>): IsRunning {
  const why = services.kind === 'value' ? 'Security Center lists it, but its services were not found' : services.why
  return { told: {}, pids: [], unread: [why] }
}

/** Whether all its services and drivers run. */
export function runningOf(
  { services: names, drivers: needed }: WindowsProduct,
  services: WindowsServices,
  drivers: Fact<WindowsServices>,
): IsRunning {
  const main = names.map((it) => ({
    it: [it].flat(),
    found: [it].flat().flatMap((name) => find(services, name) ?? []),
  }))
  const stopped = main.filter(({ found }) => !found.some(isRunning))
  if (stopped.length > 0) return off(stopped.map(({ it }) => `its service ${it.join(' or ')} does not run`))
  const pids = main.flatMap(({ found }) => found.flatMap(({ pid }) => pid ?? []))
  if (!needed) return { told: { running: true }, pids, unread: [] }
  if (drivers.kind !== 'value') return { told: {}, pids, unread: [drivers.why] }
  const unloaded = needed.filter((name) => !isRunning(find(drivers.value, name)))
  if (unloaded.length > 0) return off(unloaded.map((name) => `its driver ${name} is not loaded`))
  return { told: { running: true }, pids, unread: [] }
}

const off = (issues: string[]): IsRunning => ({ told: { running: false, issues }, pids: [], unread: [] })

/** What is missing of a product that runs. */
export function missingParts({ parts = [] }: WindowsProduct, services: WindowsServices, told: Told): Told {
  const needed = parts.filter(({ onlyWhen }) => onlyWhen === undefined || told[onlyWhen] === true)
  const missing = needed.filter(({ service }) => !isRunning(find(services, service)))
  return missing.length > 0 ? { healthy: false, issues: missing.map(({ why }) => why) } : {}
}

function isRunning(service: WindowsService | undefined): boolean {
  return service?.running === true
}

function serviceNames({ services }: WindowsProduct): string[] {
  return services.flatMap((names) => names)
}

function find(services: WindowsServices, name: string) {
  return services.get(name.toLowerCase())
}
