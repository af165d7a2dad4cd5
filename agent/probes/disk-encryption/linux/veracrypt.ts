import { unreadable, value, type Fact } from '../../../../shared/fact.ts'

/** One volume that VeraCrypt holds open. */
export type VeraCryptVolume = {
  /** The name of its mapping, as in `veracrypt1`; null where it has none. */
  mapping: string | null
  /** Null where it is open and not mounted. */
  mount: string | null
}

export const VERACRYPT_LIST = ['--text', '--non-interactive', '--list', '--verbose'] as const

/** VeraCrypt names its mappings by slots; those of a cascade of ciphers, one upon the other, have a second number. */
export const VERACRYPT_MAPPING = /^veracrypt\d+(_\d+)?$/

const CIPHER = /^(AES|Camellia|Kuznyechik|Serpent|Twofish)([-(][A-Za-z()-]*)?$/

/**
 * Reads `veracrypt --text --list`, with `--verbose` or without. Its labels are in the language of the user, so that the
 * lines are told apart by their order and by what they say: the volume, its virtual device, the folder it is mounted at.
 */
export function readVeraCryptList(stdout: string): Fact<readonly VeraCryptVolume[]> {
  const blocks = stdout.trim().split(/\r?\n\s*\r?\n/)
  const volumes = blocks.flatMap((block) => {
    const rows = block.split(/\r?\n/)
    const brief = rows.map(readBrief)
    const whole = brief.filter((it) => it !== null)
    return whole.length === rows.length ? whole : readBlock(rows)
  })
  const sure = volumes.filter((it) => it !== null)
  if (sure.length === 0) return unreadable('veracrypt lists no volume')
  return sure.length === volumes.length ? value(sure) : unreadable('a volume in the list of veracrypt makes no sense')
}

/** `1: /dev/sdb1 /dev/mapper/veracrypt1 /media/veracrypt1`, a hyphen where there is none. */
function readBrief(row: string): VeraCryptVolume | null {
  const [, device, mount] = /^\d+: .+ (\/dev\/\S+|-) (\/.*|-)$/.exec(row.trimEnd()) ?? []
  return device !== undefined && mount !== undefined ? { mapping: mappingOf(device), mount: mountOf(mount) } : null
}

function readBlock(rows: readonly string[]): VeraCryptVolume | null {
  const said = rows.map((row) => /^[^:]+[:：] *(.*?)\s*$/.exec(row)?.[1] ?? '')
  const [slot = '', volume = '', device = '', mount = '', ...more] = said
  if (!/^\d+$/.test(slot) || volume === '' || !more.some((it) => CIPHER.test(it))) return null
  return { mapping: mappingOf(device), mount: mountOf(mount) }
}

function mappingOf(device: string): string | null {
  const [, name = ''] = /^\/dev\/mapper\/(.+)$/.exec(device) ?? []
  return VERACRYPT_MAPPING.test(name) ? name : null
}

function mountOf(path: string): string | null {
  return path.startsWith('/') ? path : null
}
