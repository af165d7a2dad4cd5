import { Type, type Static, type TSchema } from 'typebox'
import { Time, reported, type Fact } from './fact.ts'
import { keysOf, nullable, oneOf, strict, text } from './schema.ts'

const flag = nullable(Type.Boolean())
const count = nullable(Type.Integer({ minimum: 0, maximum: 1_000_000 }))

const Os = strict({
  platform: oneOf(['windows', 'macos', 'linux']),
  /** As the system names itself: `Debian GNU/Linux`, `macOS`, `Windows 11`. */
  name: text(100),
  /** `12`, `26.1`, `24H2`; empty on a rolling release. */
  version: text(60),
  /** `25B78`, `26100.4652`; on Linux BUILD_ID or the point release, empty where there is none. */
  build: text(60),
  edition: Type.Optional(text(60)),
  /** macOS: the rapid response that is installed on top of the version, as the system prints it: `(a)`. */
  rapidResponse: Type.Optional(text(20)),
  /** Windows: takes updates that need no restart, which have build revisions of their own. */
  track: Type.Optional(Type.Literal('hotpatch')),
  kernel: Type.Optional(text(100)),
  arch: text(20),
  /** ID of os-release (`debian`, `ubuntu`): what the release catalogue knows a Linux line by. */
  id: Type.Optional(text(40)),
  /** SUPPORT_END of os-release, where the vendor states it. */
  supportEnd: Type.Optional(Time),
})

const OsUpdates = strict({
  pendingSecurity: count,
  pending: count,
  lastInstalledAt: nullable(Time),
  lastCheckedAt: nullable(Time),
  automatic: flag,
  rebootRequired: flag,
  /** Why the count is null. For people; nothing is decided by it. */
  detail: Type.Optional(text(200)),
})

const Volume = strict({
  mount: text(256),
  role: oneOf(['system', 'data', 'swap', 'removable']),
  state: oneOf(['on', 'off', 'encrypting', 'decrypting', 'suspended', 'locked', 'unknown']),
  method: nullable(
    oneOf(['bitlocker', 'filevault', 'luks2', 'luks1', 'dm-crypt', 'zfs', 'fscrypt', 'opal', 'veracrypt']),
  ),
  keyProtector: nullable(oneOf(['hardware', 'passphrase'])),
  /** What the state alone does not say: why it is unknown, or what was found. For people; nothing is decided by it. */
  detail: Type.Optional(text(200)),
})

const DiskEncryption = strict({ volumes: Type.Array(Volume, { maxItems: 64 }) })

const Product = strict({
  product: text(40),
  version: Type.Optional(text(60)),
  state: oneOf(['healthy', 'degraded', 'off', 'unknown']),
  reasons: Type.Array(text(200), { maxItems: 16 }),
  realTime: flag,
  tamperProtection: flag,
  definitionsAt: nullable(Time),
  lastContactAt: nullable(Time),
  agentId: Type.Optional(text(100)),
})

const EndpointProtection = strict({ products: Type.Array(Product, { maxItems: 32 }) })

const Firewall = strict({
  enabled: Type.Boolean(),
  profiles: Type.Optional(
    Type.Record(Type.String({ pattern: '^.{0,60}$' }), Type.Boolean(), {
      maxProperties: 16,
      additionalProperties: false,
    }),
  ),
})

const ScreenLock = strict({
  enabled: Type.Boolean(),
  afterSeconds: nullable(Type.Integer({ minimum: 0, maximum: 31_536_000 })),
})

const SecureBoot = strict({ enabled: Type.Boolean(), tpm: nullable(oneOf(['2.0', '1.2', 'none'])) })

const Device = strict({
  hostname: text(255),
  manufacturer: text(100),
  model: text(100),
  /** Empty where the machine has none or only a placeholder. */
  serial: text(100),
  chassis: text(40),
})

const MINUTE = 60

/**
 * Every signal: its title for people, the value it reports, and how old a fact may grow before it is stale.
 * An agent reads what is named here, a collector judges it; a new signal is one entry.
 */
export const SIGNALS = {
  os: { title: 'Operating system', value: Os, maxAgeSeconds: 60 * MINUTE },
  'os-updates': { title: 'Security updates', value: OsUpdates, maxAgeSeconds: 60 * MINUTE },
  'disk-encryption': { title: 'Disk encryption', value: DiskEncryption, maxAgeSeconds: 30 * MINUTE },
  'endpoint-protection': { title: 'Endpoint protection', value: EndpointProtection, maxAgeSeconds: 30 * MINUTE },
  firewall: { title: 'Firewall', value: Firewall, maxAgeSeconds: 30 * MINUTE },
  'screen-lock': { title: 'Screen lock', value: ScreenLock, maxAgeSeconds: 60 * MINUTE },
  'secure-boot': { title: 'Secure Boot', value: SecureBoot, maxAgeSeconds: 60 * MINUTE },
  device: { title: 'Device', value: Device, maxAgeSeconds: 365 * 24 * 60 * MINUTE },
} as const satisfies Record<string, { title: string; value: TSchema; maxAgeSeconds: number }>

export type SignalId = keyof typeof SIGNALS
export type SignalValue = { [Id in SignalId]: Static<(typeof SIGNALS)[Id]['value']> }
export const SIGNAL_IDS = keysOf(SIGNALS)

/** The facts of one reading. A signal that an older agent does not know is simply not there, and counts as unreadable. */
export const Facts = strict({
  os: Type.Optional(reported(Os)),
  'os-updates': Type.Optional(reported(OsUpdates)),
  'disk-encryption': Type.Optional(reported(DiskEncryption)),
  'endpoint-protection': Type.Optional(reported(EndpointProtection)),
  firewall: Type.Optional(reported(Firewall)),
  'screen-lock': Type.Optional(reported(ScreenLock)),
  'secure-boot': Type.Optional(reported(SecureBoot)),
  device: Type.Optional(reported(Device)),
})

export type Facts = Static<typeof Facts>
export type Platform = SignalValue['os']['platform']
export type Volume = Static<typeof Volume>
export type Product = Static<typeof Product>

/** The fact of one signal, typed by it; a signal that was not sent is `unreadable`. */
export function factOf<Id extends SignalId>(facts: Facts, id: Id): Fact<SignalValue[Id]> {
  // `Facts` names the schema of each signal under the signal's own id.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const fact = facts[id] as Fact<SignalValue[Id]> | undefined
  return fact ?? { kind: 'unreadable', why: 'the agent did not send this signal' }
}
