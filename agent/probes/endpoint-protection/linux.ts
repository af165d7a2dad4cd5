import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Product, SignalValue } from '../../../shared/signals.ts'
import type { Host } from '../../host/host.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import type { CatalogueProduct, LinuxProduct } from './catalogue.ts'
import { productOf } from './product-state.ts'
import { PRODUCTS } from './products/all.ts'
import { readServiceProcesses, readSlices } from '../services.ts'
import { together, type Told } from './told.ts'

/** Where packages put their units. What an admin masks or overrides in /etc says nothing about what is installed. */
const UNIT_FOLDERS = ['/usr/lib/systemd/system', '/lib/systemd/system'] as const

/** Reads which products of the catalogue are installed, whether they run, and what they say of themselves. */
export async function readLinux(host: Host): Promise<Reading<SignalValue['endpoint-protection']>> {
  const slices = await readSlices(host)
  const found = await Promise.all(PRODUCTS.map((product) => readProduct(host, product, slices)))
  const products = found.flatMap(({ product }) => (product.kind === 'value' ? (product.value ?? []) : []))
  const source = ['/opt, systemd units and control groups', ...found.flatMap(({ programs }) => programs)].join(', ')
  const unseen = found.find(({ product }) => product.kind !== 'value')
  // Nothing found is an answer only if every place could be looked at.
  if (products.length === 0 && unseen && unseen.product.kind !== 'value') return { ...unseen.product, source }
  return { ...value({ products }), source }
}

/** `product` is null for one that is not installed. */
type Found = { product: Fact<Product | null>; programs: readonly string[] }

async function readProduct(host: Host, { id, linux }: CatalogueProduct, slices: Fact<string[]>): Promise<Found> {
  const installed = await readInstalled(host, linux)
  if (installed.kind !== 'value') return { product: installed, programs: [] }
  if (!installed.value) return { product: value(null), programs: [] }

  const running = await readRunning(host, linux, slices)
  const { healthyWhen } = linux
  if (running.kind === 'value' && !running.value) {
    return { product: value(productOf(id, { installed: true, running: false }, { healthyWhen })), programs: [] }
  }
  const { outputs, unread, programs } = await ask(host, linux)
  const isRunning: Told = running.kind === 'value' ? { running: running.value } : {}
  const whys = running.kind === 'value' ? unread : [running.why, ...unread]
  const told = together([{ installed: true, ...isRunning }, ...outputs])
  return { product: value(productOf(id, told, { healthyWhen, unread: whys })), programs }
}

async function readRunning(host: Host, linux: LinuxProduct, slices: Fact<string[]>): Promise<Fact<boolean>> {
  if (slices.kind !== 'value') return slices
  const processes = await readServiceProcesses(host, slices.value, linux.unit, linux.processes)
  return processes.kind === 'value' ? value(processes.value.length > 0) : processes
}

async function readInstalled(host: Host, { folder, holds, unit }: LinuxProduct): Promise<Fact<boolean>> {
  const content = await host.readDirectory(folder)
  if (content.ok && content.names.includes(holds)) return value(true)
  const units = await Promise.all(UNIT_FOLDERS.map((path) => host.readFile(`${path}/${unit}`)))
  if (units.some((file) => file.ok)) return value(true)
  const failed = [content, ...units].find((it) => !it.ok && it.reason !== 'missing')
  return failed && !failed.ok ? unreadableBecause(failed) : value(false)
}

async function ask(host: Host, { commands, read }: LinuxProduct) {
  const allowed = commands.filter(({ needsRoot }) => !needsRoot || host.privileged !== false)
  const answers = await Promise.all(
    allowed.map(async ({ program, args }): Promise<Fact<Told>> => {
      const ran = await host.run(program, args)
      if (!ran.ok) return unreadableBecause(ran)
      return ran.exitCode === 0 ? read(ran.stdout) : unreadable(`${program} ended with ${ran.exitCode}`)
    }),
  )
  const refused = commands.filter((command) => !allowed.includes(command)).map(({ program }) => `${program} needs root`)
  return {
    outputs: answers.flatMap((told) => (told.kind === 'value' ? [told.value] : [])),
    unread: [...new Set([...refused, ...answers.flatMap((told) => (told.kind === 'value' ? [] : [told.why]))])],
    programs: [...new Set(allowed.map(({ program }) => program))],
  }
}
