import type { CatalogueProduct } from '../catalogue.ts'
import { crowdstrikeFalcon } from './crowdstrike-falcon.ts'
import { huntress } from './huntress.ts'
import { microsoftDefender } from './microsoft-defender.ts'
import { sentinelOne } from './sentinelone.ts'

/** The products that this agent knows how to look for. */
export const PRODUCTS: readonly CatalogueProduct[] = [crowdstrikeFalcon, microsoftDefender, sentinelOne, huntress]
