import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { RegistryValues } from '../../../host/host.ts'
import type { CatalogueProduct } from '../catalogue.ts'
import type { Told } from '../told.ts'

/** Reads Huntress' key on Windows: `AgentId` is 0 until it is registered. The value that joins machines is never read. */
export function readAgentKey(values: RegistryValues): Fact<Told> {
  const told = values['AgentId']
  const id = typeof told === 'string' && /^\d{1,15}$/.test(told) ? Number(told) : told
  if (id === undefined || id === 0) return value({ agentId: false, onboarded: false })
  if (typeof id !== 'number') return unreadable('the id of the agent makes no sense')
  return value({ agentId: true, onboarded: true, id: String(id) })
}

/**
 * Reads `Huntress extensionctl status` of macOS, and the words that newer versions have for the same: what its system
 * extension may do. It says nothing about the agent, so that all is well here makes it no more than able to see what
 * happens.
 */
export function readExtensionStatus(stdout: string): Fact<Told> {
  const words = new Map(
    stdout.split(/\r?\n/).flatMap((line) => {
      const [, name = '', word = ''] = /^\s*([A-Za-z][A-Za-z ]*?)\s*:\s*(.*?)\s*$/.exec(line) ?? []
      return name === '' ? [] : [[name.toLowerCase(), word.toLowerCase()] as const]
    }),
  )
  const seen = STATES.map(({ names, good, bad }) => {
    const [name, word] = names
      .map((it) => [it, words.get(it.toLowerCase()) ?? ''] as const)
      .find(([, it]) => it !== '') ?? [names[0] ?? '', '']
    return { name, word, is: good.includes(word) ? true : bad.includes(word) ? false : undefined }
  })
  if (seen.every(({ is }) => is === undefined)) return unreadable('Huntress gave no answer that is known')
  const issues = seen.flatMap(({ name, word, is }) => (is === false ? [`${name}: ${word}`] : []))
  if (issues.length > 0) return value({ installed: true, healthy: false, realTime: false, issues })
  // Its maker asks for this one too; an extension that the user approved by hand works without.
  const isRefused = /^(?:denied|not ?granted)$/.test(words.get('preauthorization status') ?? '')
  return value({ installed: true, ...(!isRefused && seen.every(({ is }) => is === true) && { realTime: true }) })
}

/** What has to be so, by the names and words of the older and the newer command. */
const STATES: readonly { names: readonly string[]; good: readonly string[]; bad: readonly string[] }[] = [
  {
    names: ['Extension Status'],
    good: ['installed'],
    bad: ['not installed', 'notinstalled', 'uninstalled', 'pending', 'waiting for approval'],
  },
  { names: ['Full Disk Access for Extension'], good: ['enabled', 'true'], bad: ['disabled', 'false'] },
  { names: ['EDR', 'EDR status'], good: ['enabled'], bad: ['disabled'] },
]

export const huntress: CatalogueProduct = {
  id: 'huntress',
  linux: {
    folder: '/usr/share/huntress',
    holds: 'huntress-agent',
    units: ['huntress-agent.service'],
    processes: ['huntress-agent'],
    // Its configuration holds the id of the agent and, beside it, a key that joins machines.
    asks: [],
    healthyWhen: {},
  },
  macos: {
    paths: ['/Applications/Huntress.app'],
    extension: { bundleId: 'com.huntress.sysext', teamId: '7W6HQ9J9XA' },
    // Not the newer "status": an older version might take it for a start of the app.
    asks: [{ program: 'huntress', args: ['extensionctl', 'status'], read: readExtensionStatus, needsRoot: false }],
    healthyWhen: { realTime: true },
    limits: ['macOS does not show whether it is registered or connected'],
  },
  windows: {
    services: ['HuntressAgent'],
    parts: [
      // It comes up to a day after the agent, and nothing tells how long ago that was installed.
      { service: 'HuntressRio', why: 'its EDR part HuntressRio does not run (it comes within a day of the agent)' },
      { service: 'HuntressUpdater', why: 'its updater does not run' },
    ],
    asks: [{ registry: ['HKLM\\SOFTWARE\\Huntress Labs\\Huntress'], read: readAgentKey, needsRoot: false }],
    healthyWhen: { agentId: true },
    limits: ['the antivirus beside it is judged by itself', 'Windows does not show whether it is connected'],
  },
}
