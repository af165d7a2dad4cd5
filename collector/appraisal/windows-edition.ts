import type { WindowsEdition } from './catalogue.ts'

/**
 * Which end of support holds for an EditionID of the registry. An edition whose end nobody here is sure of (Team,
 * Enterprise G, those of other devices) is not listed: it is not known, and gets no end that is another's.
 */
const EDITIONS: readonly (readonly [ids: RegExp, edition: WindowsEdition])[] = [
  // Home, also for one language or country, and what was sold in S mode or for schools (SE).
  [/^Core(?:N|SingleLanguage|CountrySpecific)?$/i, 'home-pro'],
  [/^Cloud(?:Edition)?N?$/i, 'home-pro'],
  [/^Professional(?:Workstation|Education)?N?$/i, 'home-pro'],
  [/^Professional(?:SingleLanguage|CountrySpecific)$/i, 'home-pro'],
  [/^Enterprise(?:Subscription)?N?(?:Eval)?$/i, 'enterprise'],
  [/^EducationN?$/i, 'enterprise'],
  [/^IoTEnterpriseK?$/i, 'enterprise'],
  // Enterprise for several sessions. It carries an edition of servers, and is none.
  [/^ServerRdsh$/i, 'enterprise'],
  [/^EnterpriseSN?(?:Eval)?$/i, 'ltsc'],
  [/^IoTEnterpriseSK?$/i, 'iot-ltsc'],
  [/^Server[A-Z]\w*$/i, 'server'],
]

/** The edition of Windows by its EditionID (`Professional`); null where it is none that is known. */
export function windowsEditionOf(editionId: string): WindowsEdition | null {
  return EDITIONS.find(([ids]) => ids.test(editionId))?.[1] ?? null
}
