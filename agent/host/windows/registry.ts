/**
 * Every key of the registry that the agent reads, with the values that it takes from it; none means only whether the key
 * exists. What is not listed is never read: keys of endpoint protection hold secrets beside what is asked. `HKCU` is the
 * user who sits at the machine, not the account of the service.
 */
export const REGISTRY = {
  'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion': [
    'ProductName',
    'CurrentBuild',
    'CurrentBuildNumber',
    'UBR',
    'DisplayVersion',
    'ReleaseId',
    'EditionID',
    'InstallationType',
  ],
} as const satisfies Record<string, readonly string[]>

/** The values to take from a key, whatever the case of its letters; undefined where the key may not be read. */
export function valuesOf(key: string): readonly string[] | undefined {
  return LISTED.get(key.toLowerCase())
}

const LISTED: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(REGISTRY).map(([key, values]) => [key.toLowerCase(), values]),
)
