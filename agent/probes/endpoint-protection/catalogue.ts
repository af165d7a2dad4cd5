import type { Fact } from '../../../shared/fact.ts'
import type { ProgramName } from '../../host/programs.ts'
import type { Flags, Told } from './told.ts'

/** A product as it is found, watched and asked on Linux. */
export type LinuxProduct = {
  /** It is installed if this folder holds that name, or if systemd has its unit. */
  folder: string
  holds: string
  unit: string
  /** Processes of the unit of which at least one lives while the product protects. */
  processes: readonly string[]
  /** What to ask its own tool for. Never a key, a token or a passphrase. */
  commands: readonly { program: ProgramName; args: readonly string[]; needsRoot: boolean }[]
  /** Reads the output of any of the commands. */
  read: (stdout: string) => Fact<Told>
  /** What has to be told before a running product counts as healthy. */
  healthyWhen: Flags
}

/** A product of the catalogue, under the id by which policies name it. */
export type CatalogueProduct = { id: string; linux: LinuxProduct }
