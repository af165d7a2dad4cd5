import { expect, test } from 'vitest'
import { windowsEditionOf } from './windows-edition.ts'

test.each([
  ...[
    'Core',
    'CoreN',
    'CoreSingleLanguage',
    'CoreCountrySpecific',
    'Cloud',
    'CloudN',
    'CloudEdition',
    'CloudEditionN',
  ].map((id) => [id, 'home-pro'] as const),
  ...[
    'Professional',
    'ProfessionalN',
    'ProfessionalWorkstation',
    'ProfessionalWorkstationN',
    'ProfessionalEducation',
    'ProfessionalEducationN',
    'ProfessionalSingleLanguage',
    'ProfessionalCountrySpecific',
  ].map((id) => [id, 'home-pro'] as const),
  ...[
    'Enterprise',
    'EnterpriseN',
    'EnterpriseEval',
    'EnterpriseNEval',
    'EnterpriseSubscription',
    'EnterpriseSubscriptionN',
    'Education',
    'EducationN',
    'IoTEnterprise',
    'IoTEnterpriseK',
    'ServerRdsh',
  ].map((id) => [id, 'enterprise'] as const),
  ...['EnterpriseS', 'EnterpriseSN', 'EnterpriseSEval', 'EnterpriseSNEval'].map((id) => [id, 'ltsc'] as const),
  ...['IoTEnterpriseS', 'IoTEnterpriseSK'].map((id) => [id, 'iot-ltsc'] as const),
  ...['ServerStandard', 'ServerDatacenter', 'ServerDatacenterEval', 'ServerTurbine'].map(
    (id) => [id, 'server'] as const,
  ),
  // Their ends are others, or not known here: none may get the end of an edition whose name begins alike.
  ...['', 'EnterpriseG', 'EnterpriseGN', 'PPIPro', 'Holographic', 'WNC', 'IoTUAP', 'Ultimate', 'Starter'].map(
    (id) => [id, null] as const,
  ),
  ...['Server', 'CoreX', 'XCore', 'Professional ', 'Enterprise S', 'constructor', '__proto__'].map(
    (id) => [id, null] as const,
  ),
])('the edition of "%s" is %s', (id, edition) => {
  expect(windowsEditionOf(id)).toBe(edition)
})
