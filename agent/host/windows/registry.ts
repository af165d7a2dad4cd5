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
  // CrowdStrike Falcon keeps its id in one of these. Beside it stands the customer's, with which machines join.
  'HKLM\\SYSTEM\\CrowdStrike\\{9b03c1d9-3138-44ed-9fae-d9f4c034b88d}\\{16e0423f-7058-48c9-a204-725362b67639}\\Default':
    ['AG'],
  'HKLM\\SYSTEM\\CurrentControlSet\\Services\\CSAgent\\Sim': ['AG'],
  'HKLM\\SOFTWARE\\Microsoft\\Windows Advanced Threat Protection\\Status': [
    'OnboardingState',
    'OrgId',
    'LastConnected',
  ],
  'HKLM\\SOFTWARE\\Huntress Labs\\Huntress': ['AgentId'],
} as const satisfies Record<string, readonly string[]>

/** The values to take from a key, whatever the case of its letters; undefined where the key may not be read. */
export function valuesOf(key: string): readonly string[] | undefined {
  return LISTED.get(key.toLowerCase())
}

const LISTED: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(REGISTRY).map(([key, values]) => [key.toLowerCase(), values]),
)
