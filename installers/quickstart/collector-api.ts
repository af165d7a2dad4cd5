import { Type } from 'typebox'
import { parserOf } from '../../shared/schema.ts'

const parseClaims = parserOf(Type.Record(Type.String(), Type.Unknown()))

/** Asks the collector as a gateway does. */
export function askCollector(url: string, gatewayKey: string) {
  const get = (path: string) => fetch(`${url}${path}`, { headers: { authorization: `Bearer ${gatewayKey}` } })
  return {
    /** Whether the key still verifies, and may do all that one of today may: of an older release, it may have no streams. */
    knowsKey: async () => (await get('/ssf/stream')).status === 200,
    /** The attestation and its decoded claims; null where none is issued, as for a device that waits for approval. */
    async attestation(deviceId: string): Promise<{ jws: string; claims: Record<string, unknown> } | null> {
      const response = await get(`/v1/devices/${deviceId}/attestation`)
      if (response.status !== 200) return null
      const jws = await response.text()
      const claims = parseClaims(JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()))
      return claims.ok ? { jws, claims: claims.value } : null
    },
  }
}
