import type { Fact } from '../../../shared/fact.ts'
import type { RegistryValues } from '../../host/host.ts'
import type { ProgramName } from '../../host/programs.ts'
import type { Service } from '../services.ts'
import type { Flag, Flags, Told } from './told.ts'

/** A product under the id by which policies name it, with a part for each system that it is looked for on. */
export type CatalogueProduct = {
  id: string
  linux?: LinuxProduct
  macos?: MacosProduct
  windows?: WindowsProduct
}

/** How what was told of a product becomes its state. */
export type Judged = {
  /** What has to be told before a running product counts as healthy. Empty where nothing can be: it never does then. */
  healthyWhen: Flags
  /** What would make any other product degraded, and is only mentioned for this one. */
  notes?: readonly { flag: Flag; when: boolean; why: string }[]
  /** What cannot be seen here of a healthy one, in words that end up beside "healthy". */
  limits?: readonly string[]
}

/** Where more is told of an installed product. Never a key, a token or a passphrase. `needsRoot`: or SYSTEM. */
export type Ask = {
  needsRoot: boolean
  /** Not every version has it: that it is missing is nothing to tell a person. */
  isOptional?: boolean
} & (
  | {
      /** On Windows `powershell` with a question. */
      program: ProgramName
      args: readonly string[]
      /** How people ask the same, for recordings that were made by hand. */
      plainly?: readonly (readonly string[])[]
      /** Reads stdout of a program that ended with 0. */
      read: (stdout: string) => Fact<Told>
      /** Reads stdout and stderr of one that ended with an error; null where the error tells nothing. */
      readError?: (text: string) => Fact<Told> | null
    }
  | { file: string; read: (text: string, times: { modifiedAt: Date; now: Date }) => Fact<Told> }
  | {
      /** Keys that an installation may have; the first that exists is read. */
      registry: readonly string[]
      read: (values: RegistryValues) => Fact<Told>
      /** What it tells that there is none of these keys. */
      missing?: Told
    }
)

/** Of its service at least one process lives while the product protects. */
export type LinuxProduct = Judged &
  Service & {
    /** It is installed if this folder holds that name, or if systemd has one of its units. */
    folder: string
    holds: string
    /** Where what scans in real time is a service of its own, without which the product only scans when told to. */
    realTime?: Service
    asks: readonly Ask[]
  }

export type MacosProduct = Judged & {
  /** It is installed if one of these exists, or if macOS lists its extension. */
  paths: readonly string[]
  /**
   * The system extension that sees what happens on the machine (the one for endpoint security, not that for the
   * network), as its maker signs it. It protects only while macOS says `activated enabled`.
   */
  extension?: { bundleId: string; teamId: string }
  /**
   * Where the programs lie of which at least one lives while the product protects: a path, or the beginning of one up to
   * a `/`. Not needed with an extension: its process has a path of its own.
   */
  processes?: readonly string[]
  asks: readonly Ask[]
}

export type WindowsProduct = Judged & {
  /** It is installed if one of these services exists and runs if all do. Of names in a list of their own one is enough. */
  services: readonly (string | readonly string[])[]
  /** Drivers that have to run too. Their names have to stand in the question `Win32_SystemDriver` as well. */
  drivers?: readonly string[]
  /**
   * Services without which a running product protects less, and how a person is told. `onlyWhen`: where that was told of
   * the product.
   */
  parts?: readonly { service: string; why: string; onlyWhen?: Flag }[]
  /** How it names itself in Security Center. */
  displayName?: RegExp
  asks: readonly Ask[]
}
