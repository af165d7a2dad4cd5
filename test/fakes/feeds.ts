/** Release feeds in miniature: the forms of the real ones, with numbers that we made up. */

const text = (it: unknown) => JSON.stringify(it, null, 1)

export const SOFA_V1 = text({
  UpdateHash: '00',
  OSVersions: [
    {
      OSVersion: 'Sonoma 14',
      Latest: { ProductVersion: '14.8.2', Build: '23X2', ReleaseDate: '2026-05-20T00:00:00Z' },
      SecurityReleases: [
        {
          UpdateName: 'macOS Sonoma 14.8.1',
          ProductVersion: '14.8.1',
          ReleaseDate: '2026-05-04T00:00:00Z',
          SecurityInfo: 'This update has no published CVE entries.',
          CVEs: {},
          ActivelyExploitedCVEs: [],
          UniqueCVEsCount: 0,
        },
        {
          UpdateName: 'macOS Sonoma 14.8.2',
          ProductVersion: '14.8.2',
          ReleaseDate: '2026-05-20T00:00:00Z',
          SecurityInfo: 'https://support.apple.com/kb/HT000002',
          CVEs: { 'CVE-2026-0002': false, 'CVE-2026-0003': true },
          ActivelyExploitedCVEs: ['CVE-2026-0003'],
          UniqueCVEsCount: 2,
        },
        {
          UpdateName: 'macOS Sonoma 14.8',
          ProductVersion: '14.8',
          ReleaseDate: '2026-04-01',
          SecurityInfo: 'https://support.apple.com/kb/HT000001',
          CVEs: { 'CVE-2026-0001': false },
          ActivelyExploitedCVEs: [],
          UniqueCVEsCount: 1,
        },
      ],
    },
  ],
})

export const SOFA_V2 = text({
  SchemaVersion: '2026.04.11.2',
  Version: '2.0',
  LastCheck: '2026-11-20T19:13:45.144143267+00:00',
  OSVersions: [
    {
      OSVersion: 'Tahoe 26',
      Latest: {
        UpdateName: 'macOS Tahoe 26.7.1',
        ProductName: 'macOS',
        ProductVersion: '26.7.1',
        ReleaseDate: '2026-11-17T00:00:00Z',
        CVEs: { 'CVE-2026-1003': {} },
        ActivelyExploitedCVEs: [],
        UniqueCVEsCount: 20,
        DeviceScope: 'universal',
      },
      SecurityReleases: [
        {
          UpdateName: 'macOS Tahoe 26.7',
          ProductName: 'macOS',
          ProductVersion: '26.7',
          Build: '25H1',
          AllBuilds: ['25H1', '25H2'],
          ReleaseDate: '2026-10-12T00:00:00Z',
          ExpirationDate: '2026-12-30',
          SecurityInfo: 'https://support.apple.com/en-us/000003',
          CVEs: { 'CVE-2026-1002': { ActivelyExploited: true, InKEV: true }, 'CVE-2026-1001': {} },
          ActivelyExploitedCVEs: ['CVE-2026-1002'],
          UniqueCVEsCount: 30,
          DeviceScope: 'universal',
          SupersededBy: { ProductVersion: '26.7.1', Build: '25H3' },
        },
        {
          UpdateName: 'macOS Tahoe 26.7.2',
          ProductName: 'macOS',
          ProductVersion: '26.7.2',
          ReleaseDate: '2026-11-19T00:00:00Z',
          SecurityInfo: 'https://support.apple.com/en-us/000004',
          CVEs: { 'CVE-2026-1004': {} },
          UniqueCVEsCount: 1,
          DeviceScope: 'device-specific',
        },
      ],
    },
  ],
  BackgroundSecurityImprovements: {
    '26': [
      {
        Version: '26.7',
        VersionExtra: '(a)',
        PostingDate: '2026-10-30',
        CVEs: ['CVE-2026-1005'],
        DeviceScope: 'universal',
      },
      { Version: '26.7.2', VersionExtra: '(a)', PostingDate: '2026-11-20', CVEs: [], DeviceScope: 'device-specific' },
    ],
  },
})

const windowsRelease = (name: string, eolFrom: string, build: string) => ({
  name,
  label: name.toUpperCase(),
  releaseDate: '2024-10-01',
  isLts: name.endsWith('lts'),
  isEol: false,
  eolFrom,
  isEoes: null,
  eoesFrom: null,
  latest: { name: `10.0.${build}`, date: '2024-10-01', link: null },
})

export const ENDOFLIFE_WINDOWS = text({
  schema_version: '1.2.0',
  generated_at: '2026-11-20T00:00:00+00:00',
  last_modified: '2026-10-14T00:00:00+00:00',
  result: {
    name: 'windows',
    releases: [
      windowsRelease('11-24h2-iot-lts', '2034-10-10', '26100'),
      windowsRelease('11-24h2-e-lts', '2029-10-09', '26100'),
      windowsRelease('11-24h2-e', '2027-10-12', '26100'),
      windowsRelease('11-24h2-w', '2026-10-13', '26100'),
      { ...windowsRelease('10-22h2', '2025-10-14', '19045'), isEoes: false, eoesFrom: '2028-10-10' },
      windowsRelease('10-1507-iot', '2020-11-10', '10240'),
    ],
  },
})

export const ENDOFLIFE_UBUNTU = text({
  schema_version: '1.2.0',
  last_modified: '2026-09-02T00:00:00+00:00',
  result: {
    name: 'ubuntu',
    label: 'Ubuntu',
    releases: [
      {
        name: '26.04',
        codename: 'Resolute Raccoon',
        releaseDate: '2026-04-23',
        isLts: true,
        isEol: false,
        eolFrom: '2031-05-29',
        isEoes: false,
        eoesFrom: '2036-04-23',
        latest: { name: '26.04.1', date: '2026-08-31' },
      },
      { name: '26.10', releaseDate: '2026-10-15', isLts: false, isEol: false, eolFrom: '2027-07-15' },
    ],
  },
})

/** A list of the first API: what it is about is told by its address alone. */
export const ENDOFLIFE_OLD_MACOS = text([
  { cycle: '26', releaseDate: '2025-09-15', eol: false, latest: '26.7.1', latestReleaseDate: '2026-11-17', lts: false },
  { cycle: '13', releaseDate: '2022-10-24', eol: true, latest: '13.7.8', latestReleaseDate: '2025-08-20', lts: false },
  { cycle: '12', releaseDate: '2021-10-25', eol: '2024-09-16', latest: '12.7.6', latestReleaseDate: '2024-07-29' },
])

export const MSRC = text({
  DocumentTitle: { Value: 'November 2026 Security Updates' },
  DocumentTracking: {
    Identification: { ID: { Value: '2026-Nov' } },
    InitialReleaseDate: '2026-11-10T08:00:00',
    CurrentReleaseDate: '2026-11-19T08:00:00',
  },
  ProductTree: {
    FullProductName: [
      { ProductID: '12390', Value: 'Windows 11 Version 24H2 for x64-based Systems' },
      { ProductID: '12436', Value: 'Windows Server 2025' },
      { ProductID: '11923', Value: 'Windows Server 2022' },
      { ProductID: '99999', Value: 'Microsoft Edge (Chromium-based)' },
      { ProductID: '12079-12390', Value: 'Microsoft .NET Framework 4.8.1 on Windows 11 Version 24H2' },
    ],
  },
  Vulnerability: [
    {
      CVE: 'CVE-2026-2001',
      Threats: [
        { Type: 3, Description: { Value: 'Critical' }, ProductID: ['12390'] },
        {
          Type: 1,
          Description: { Value: 'Publicly Disclosed:No;Exploited:Yes;Latest Software Release:Exploitation Detected' },
        },
      ],
      Remediations: [
        {
          Type: 2,
          SubType: 'Security Update',
          Description: { Value: '5000001' },
          FixedBuild: '10.0.26100.9600',
          ProductID: ['12390'],
        },
        {
          Type: 2,
          SubType: 'Security Update',
          Description: { Value: '5000002' },
          FixedBuild: '10.0.26100.33500',
          ProductID: ['12436'],
        },
        { Type: 2, SubType: 'Security Hotpatch Update', FixedBuild: '10.0.26100.9598', ProductID: ['12390'] },
        { Type: 1, Description: { Value: 'disable the service' }, ProductID: ['12390'] },
        { Type: 2, Description: { Value: 'Release Notes' }, FixedBuild: '148.0.3967.97', ProductID: ['99999'] },
        { Type: 2, SubType: 'Security Update', FixedBuild: '10.0.26100.9999', ProductID: ['12079-12390'] },
      ],
      RevisionHistory: [{ Number: '1.0', Date: '2026-11-10T08:00:00' }],
    },
    {
      CVE: 'CVE-2026-2002',
      Remediations: [
        { Type: 2, SubType: 'Security Update', FixedBuild: '10.0.26100.9610', ProductID: ['12390'] },
        { Type: 2, SubType: 'SecurityHotpatchUpdate', FixedBuild: '10.0.20348.5440', ProductID: ['11923'] },
      ],
      RevisionHistory: [
        { Number: '1.1', Date: '2026-11-19T08:00:00' },
        { Number: '1.0', Date: '2026-11-18T08:00:00' },
      ],
    },
  ],
})

export const DEBIAN_CSV = `version,codename,series,created,release,eol,eol-lts,eol-elts
3.1,Sarge,sarge,2002-07-19,2005-06-06,2008-03-31
11,Bullseye,bullseye,2019-07-06,2021-08-14,2024-08-14,2026-08-31,2031-06-30
12,Bookworm,bookworm,2021-08-14,2023-06-10,2026-07-11,2028-06-30,2033-06-30
14,Forky,forky,2025-08-09
15,Duke,duke,2027-08-01
,Sid,sid,1993-08-16
`

export const UBUNTU_CSV = `version,codename,series,created,release,eol,eol-server,eol-esm,eol-legacy
4.10,Warty Warthog,warty,2004-03-05,2004-10-20,2006-04-30
22.04 LTS,Jammy Jellyfish,jammy,2021-10-14,2022-04-21,2027-06-01,2027-06-01,2032-04-21,2037-04-30
26.10,Stonking Stingray,stonking,2026-04-24,2026-10-15,2027-07-15
27.04,Tenacious Tapir,tenacious,2026-10-16,2027-04-22,2028-01-20
`

export const GDMF = text({
  PublicAssetSets: {
    iOS: [{ ProductVersion: '26.9', Build: '23X1', PostingDate: '2026-11-18' }],
    macOS: [
      {
        ProductVersion: '15.9',
        Build: '24X1',
        PostingDate: '2026-10-13',
        ExpirationDate: '2027-01-20',
        SupportedDevices: ['J1'],
      },
      {
        ProductVersion: '26.7.1',
        Build: '25H3',
        PostingDate: '2026-11-17',
        ExpirationDate: '2027-02-20',
        SupportedDevices: ['J1'],
      },
      {
        ProductVersion: '26.8',
        Build: '25I1',
        PostingDate: '2026-11-20',
        ExpirationDate: '2026-11-21',
        SupportedDevices: ['J1'],
      },
    ],
  },
  AssetSets: { macOS: [{ ProductVersion: '26.9', Build: '25J1', PostingDate: '2026-11-20' }] },
  PublicRapidSecurityResponses: {},
})

export const WINDOWS_BUILDS = `# Windows, kept by hand
date: 2026-11-20
builds:
  - build: [26100, 26200]
    releases:
      2026-10-13: 9500
      2026-11-10: 9600 exploited
    hotpatch:
      2026-11-10: 9598
  - build: 26100
    name: Windows 11 24H2
    supported: { home-pro: 2026-10-13, enterprise: 2027-10-12 }
  - build: 19045
    name: Windows 10 22H2
    supported: 2025-10-14
    extended:
      - { until: 2026-10-13, above: 6456 }
    releases: { 2025-10-14: 6456, 2026-11-10: 7700 }
`

export const CATALOGUE_YAML = `date: 2026-11-01
lines:
  - { id: debian, version: 12, name: Debian 12, supportedUntil: 2028-06-30 }
  - { id: ubuntu, version: 24.10, name: Ubuntu 24.10, supportedUntil: 2025-07-10 }
  - { id: macos, version: 26, name: macOS 26, supportedUntil: '-' }
  - { id: windows, version: 19045, name: Windows 10 22H2, supportedUntil: 2025-10-14, extended: [{ until: 2027-10-12, above: 19045.6456 }] }
  - { id: windows, version: 26100, name: Windows 11 24H2, supportedUntil: 2026-10-13 }
releases:
  - id: macos
    version: 26
    releases:
      - { version: 26.7, releasedOn: 2026-10-12 }
      - { version: 26.6, releasedOn: 2026-07-27, exploited: true }
`
