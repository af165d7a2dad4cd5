import { value, type Fact } from '../../../shared/fact.ts'
import type { Product, SignalValue } from '../../../shared/signals.ts'
import type { Host } from '../../host/host.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { askAll, askUnseen } from './ask.ts'
import type { MacosProduct } from './catalogue.ts'
import { productOf } from './product-state.ts'
import { readMacProcesses, type MacProcess } from './processes.ts'
import { PRODUCTS } from './products/all.ts'
import { readSystemExtensions, type SystemExtension } from './system-extensions.ts'
import { together } from './told.ts'
import type { IsRunning, Running } from './watch.ts'

/** What macOS itself knows of extensions and processes. */
type Seen = { extensions: Fact<SystemExtension[]>; processes: Fact<MacProcess[]> }
type OnMacos = { id: string; macos: MacosProduct }

/** Reads which products of the catalogue are installed on a Mac, whether they run, and what they say of themselves. */
export async function readMacos(
  host: Host,
): Promise<{ reading: Reading<SignalValue['endpoint-protection']>; running: Running[] }> {
  const [extensions, processes] = await Promise.all([readSystemExtensions(host), readMacProcesses(host)])
  const seen = { extensions, processes }
  const found = await Promise.all(
    PRODUCTS.flatMap(({ id, macos }) => (macos ? [readProduct(host, { id, macos }, seen)] : [])),
  )
  const products = found.flatMap(({ product }) => (product.kind === 'value' ? (product.value ?? []) : []))
  const running = found.flatMap((it) => it.running)
  const source = ['systemextensionsctl, ps', ...found.flatMap(({ sources }) => sources)].join(', ')
  const unseen = found.find(({ product }) => product.kind !== 'value')
  // Nothing found is an answer only if every place could be looked at.
  if (products.length === 0 && unseen && unseen.product.kind !== 'value') {
    return { reading: { ...unseen.product, source }, running }
  }
  return { reading: { ...value({ products }), source }, running }
}

/** `product` is null for one that is not installed. */
type Found = { product: Fact<Product | null>; running: readonly Running[]; sources: readonly string[] }

async function readProduct(host: Host, { id, macos }: OnMacos, seen: Seen): Promise<Found> {
  const installed = await readInstalled(host, macos, seen)
  const early = installed.kind === 'value' ? null : await askUnseen(host, macos.asks)
  if (installed.kind !== 'value' && !early) return { product: installed, running: [], sources: [] }
  if (installed.kind === 'value' && !installed.value) return { product: value(null), running: [], sources: [] }

  const { told, pids, unread } = runningOf(macos, seen)
  if (told.running === false) {
    return { product: value(productOf(id, { installed: true, ...told }, macos)), running: [], sources: [] }
  }
  const asked = early ?? (await askAll(host, macos.asks))
  const all = together([{ installed: true, ...told }, ...asked.outputs])
  return {
    product: value(productOf(id, all, { ...macos, unread: [...unread, ...asked.unread] })),
    running: pids.length > 0 ? [{ id, pids }] : [],
    sources: asked.sources,
  }
}

async function readInstalled(host: Host, macos: MacosProduct, { extensions }: Seen): Promise<Fact<boolean>> {
  if (extensions.kind === 'value' && extensionOf(macos, extensions.value)) return value(true)
  const places = await Promise.all(macos.paths.map((path) => host.stat(path)))
  if (places.some((it) => it.ok)) return value(true)
  const failed = places.find((it) => !it.ok && it.reason !== 'missing')
  if (failed && !failed.ok) return unreadableBecause(failed)
  return macos.extension && extensions.kind !== 'value' ? extensions : value(false)
}

/** The one that works, where an update left an older one beside it; never the one of the same name for the network. */
export function extensionOf(
  { extension }: MacosProduct,
  list: readonly SystemExtension[],
): SystemExtension | undefined {
  const ours = list.filter(
    ({ bundleId, teamId, category }) =>
      bundleId === extension?.bundleId && teamId === extension.teamId && category !== 'network_extension',
  )
  return ours.find((it) => it.enabled) ?? ours[0]
}

/** macOS keeps the extensions that it approved below a folder into which not even root can write. */
const EXTENSIONS = '/Library/SystemExtensions/'

const off = (why: string): IsRunning => ({ told: { running: false, issues: [why] }, pids: [], unread: [] })
const unknown = (why: string): IsRunning => ({ told: {}, pids: [], unread: [why] })

/** It runs if its extension is switched on, and a process lives of the extension and of its own programs. */
function runningOf(macos: MacosProduct, { extensions, processes }: Seen): IsRunning {
  const { extension, processes: paths = [] } = macos
  if (extension && extensions.kind === 'value') {
    const found = extensionOf(macos, extensions.value)
    if (!found) return off('macOS does not know its system extension')
    if (!found.enabled) return off('its system extension is not approved and switched on')
  }
  if (processes.kind !== 'value') return unknown(processes.why)
  const groups = [
    ...(extension ? [processes.value.filter((it) => isOfExtension(it, extension.bundleId))] : []),
    ...(paths.length > 0 ? [processes.value.filter(({ path }) => paths.some((it) => isAt(path, it)))] : []),
  ]
  if (groups.length === 0) return unknown('which processes it has is not known')
  if (groups.some((it) => it.length === 0)) return off('one of its processes is missing')
  const pids = groups.flatMap((group) => group.map(({ pid }) => pid))
  return extension && extensions.kind !== 'value'
    ? { told: {}, pids, unread: [extensions.why] }
    : { told: { running: true }, pids, unread: [] }
}

function isOfExtension({ path, isRoot }: MacProcess, bundleId: string): boolean {
  return isRoot && path.startsWith(EXTENSIONS) && path.includes(`/${bundleId}.systemextension/`)
}

function isAt(path: string, place: string): boolean {
  return place.endsWith('/') ? path.startsWith(place) && !path.includes('/../') : path === place
}
