/** A change of a device's standing, as the status lists have to know it. */
export type DeviceStanding = {
  deviceId: string
  tiers: readonly string[]
  /** Locked out, removed, or its key is used by two machines. */
  revoked: boolean
}

/** Where whoever holds an attestation sees whether it still holds. */
export type StatusLists = {
  /** The entry of an attestation that ends at `expires`. Durable before it resolves. */
  reference(deviceId: string, tiers: readonly string[], expires: Date): Promise<{ idx: number; uri: string }>
  /** Shown from this call on; durable when it resolves. Call it before an attestation names the new tiers. */
  standingChanged(change: DeviceStanding): Promise<void>
  /** After a start: marks whatever was lost while nobody looked; a device that is not named is gone. */
  reconcile(standings: Iterable<DeviceStanding>): Promise<void>
  /** The signed Status List Token of a list; null where there is no such list. */
  token(list: number): Promise<string | null>
  /** The numbers of the lists that attestations may name. */
  lists(): number[]
  close(): Promise<void>
}
