import { value, type Fact } from '../../../shared/fact.ts'
import type { Product, SignalValue } from '../../../shared/signals.ts'
import type { Host } from '../../host/host.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { readRunning, readSlices } from '../services.ts'
import { askAll, askUnseen } from './ask.ts'
import type { LinuxProduct } from './catalogue.ts'
import { productOf } from './product-state.ts'
import { PRODUCTS } from './products/all.ts'
import { together, type Told } from './told.ts'

/** Where packages put their units. What an admin masks or overrides in /etc says nothing about what is installed. */
const UNIT_FOLDERS = ['/usr/lib/systemd/system', '/lib/systemd/system'] as const

/** Reads which products of the catalogue are installed, whether they run, and what they say of themselves. */
export async function readLinux(host: Host): Promise<Reading<SignalValue['endpoint-protection']>> {
  const slices = await readSlices(host)
  const found = await Promise.all(
    PRODUCTS.flatMap(({ id, linux }) => (linux ? [readProduct(host, { id, linux }, slices)] : [])),
  )
  const products = found.flatMap(({ product }) => (product.kind === 'value' ? (product.value ?? []) : []))
  const source = ['/opt, systemd units and control groups', ...found.flatMap(({ sources }) => sources)].join(', ')
  const unseen = found.find(({ product }) => product.kind !== 'value')
  // Nothing found is an answer only if every place could be looked at.
  if (products.length === 0 && unseen && unseen.product.kind !== 'value') return { ...unseen.product, source }
  return { ...value({ products }), source }
}

/** `product` is null for one that is not installed. */
type Found = { product: Fact<Product | null>; sources: readonly string[] }
type OnLinux = { id: string; linux: LinuxProduct }

async function readProduct(host: Host, { id, linux }: OnLinux, slices: Fact<string[]>): Promise<Found> {
  const installed = await readInstalled(host, linux)
  const early = installed.kind === 'value' ? null : await askUnseen(host, linux.asks)
  if (installed.kind !== 'value' && !early) return { product: installed, sources: [] }
  if (installed.kind === 'value' && !installed.value) return { product: value(null), sources: [] }

  const running = await readRunning(host, linux, slices)
  if (running.kind === 'value' && !running.value) {
    return { product: value(productOf(id, { installed: true, running: false }, linux)), sources: [] }
  }
  const { outputs, unread, sources } = early ?? (await askAll(host, linux.asks))
  const isRunning: Told = running.kind === 'value' ? { running: running.value } : {}
  const whys = running.kind === 'value' ? unread : [running.why, ...unread]
  const scanner = linux.realTime && (await readRunning(host, linux.realTime, slices))
  const realTime: Told = scanner?.kind === 'value' ? { realTime: scanner.value } : {}
  const told = together([{ installed: true, ...isRunning }, realTime, ...outputs])
  return { product: value(productOf(id, told, { ...linux, unread: whys })), sources }
}

async function readInstalled(host: Host, { folder, holds, units }: LinuxProduct): Promise<Fact<boolean>> {
  const content = await host.readDirectory(folder)
  if (content.ok && content.names.includes(holds)) return value(true)
  const paths = UNIT_FOLDERS.flatMap((path) => units.map((unit) => `${path}/${unit}`))
  const files = await Promise.all(paths.map((path) => host.readFile(path)))
  if (files.some((file) => file.ok)) return value(true)
  const failed = [content, ...files].find((it) => !it.ok && it.reason !== 'missing')
  return failed && !failed.ok ? unreadableBecause(failed) : value(false)
}
