import { absent, unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Host } from '../../host/host.ts'
import { runAsRecorded } from '../as-recorded.ts'
import { unreadableBecause } from '../probe.ts'
import type { Ask } from './catalogue.ts'
import type { Told } from './told.ts'

/** What a product's own tools, files and keys told; why others told nothing; and what was looked at. */
export type Asked = { outputs: readonly Told[]; unread: readonly string[]; sources: readonly string[] }

/** Asks a product all that may be asked with the rights that the agent has. */
export async function askAll(host: Host, asks: readonly Ask[]): Promise<Asked> {
  const allowed = asks.filter(({ needsRoot }) => !needsRoot || host.privileged !== false)
  const answers = await Promise.all(allowed.map((it) => askOne(host, it)))
  const refused = asks.filter((it) => !allowed.includes(it)).map((it) => `${nameOf(it)} needs root`)
  return {
    outputs: answers.flatMap((told) => (told.kind === 'value' ? [told.value] : [])),
    unread: [...new Set([...refused, ...answers.flatMap((told) => (told.kind === 'value' ? [] : [told.why]))])],
    sources: [...new Set(allowed.map(nameOf))],
  }
}

/** The same of a product that could not be looked for; null unless its own tool says that it is installed. */
export async function askUnseen(host: Host, asks: readonly Ask[]): Promise<Asked | null> {
  const asked = await askAll(host, asks)
  return asked.outputs.some(({ installed }) => installed === true) ? asked : null
}

function nameOf(ask: Ask): string {
  if ('file' in ask) return ask.file
  if ('registry' in ask) return 'the registry'
  return ask.program === 'powershell' ? (ask.args[0] ?? '') : ask.program
}

async function askOne(host: Host, ask: Ask): Promise<Fact<Told>> {
  const missing = ask.isOptional ? value({}) : null
  if ('registry' in ask) return askRegistry(host, ask)
  if ('file' in ask) {
    const [file, times] = await Promise.all([host.readFile(ask.file), host.stat(ask.file)])
    if (!file.ok) return (file.reason === 'missing' ? missing : null) ?? unreadableBecause(file)
    if (!times.ok) return unreadableBecause(times)
    return ask.read(file.text, { modifiedAt: times.modifiedAt, now: host.now() })
  }
  const ran = await runAsRecorded(host, ask.program, [ask.args, ...(ask.plainly ?? [])])
  if (!ran.ok) return (ran.reason === 'missing' ? missing : null) ?? unreadableBecause(ran)
  if (ran.exitCode === 0) return ask.read(ran.stdout)
  return ask.readError?.(`${ran.stdout}\n${ran.stderr}`) ?? unreadable(`${nameOf(ask)} ended with ${ran.exitCode}`)
}

async function askRegistry(host: Host, { registry, read, missing, isOptional }: Extract<Ask, { registry: unknown }>) {
  for (const key of registry) {
    const found = await host.readRegistry(key)
    if (found.ok) return read(found.values)
    if (found.reason !== 'missing') return unreadableBecause(found)
  }
  if (isOptional) return value({})
  return missing ? value(missing) : absent(`${registry.join(' and ')}: there is no such key`)
}
