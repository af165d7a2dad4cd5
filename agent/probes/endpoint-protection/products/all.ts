import type { CatalogueProduct } from '../catalogue.ts'
import { bitdefender } from './bitdefender.ts'
import { carbonBlack } from './carbon-black.ts'
import { clamav } from './clamav.ts'
import { cortexXdr } from './cortex-xdr.ts'
import { crowdstrikeFalcon } from './crowdstrike-falcon.ts'
import { elasticDefend } from './elastic-defend.ts'
import { eset } from './eset.ts'
import { huntress } from './huntress.ts'
import { jamfProtect } from './jamf-protect.ts'
import { microsoftDefender } from './microsoft-defender.ts'
import { sentinelOne } from './sentinelone.ts'
import { sophos } from './sophos.ts'
import { trendMicro } from './trend-micro.ts'
import { wazuh } from './wazuh.ts'
import { xprotect } from './xprotect.ts'

/** The products that this agent knows how to look for. */
export const PRODUCTS: readonly CatalogueProduct[] = [
  crowdstrikeFalcon,
  microsoftDefender,
  sentinelOne,
  huntress,
  sophos,
  carbonBlack,
  cortexXdr,
  elasticDefend,
  wazuh,
  eset,
  trendMicro,
  bitdefender,
  jamfProtect,
  clamav,
  xprotect,
]
