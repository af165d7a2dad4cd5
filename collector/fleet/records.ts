import type { DeviceRecord, Store } from '../store/store.ts'
import type { Entry } from './entry.ts'

/** What of a device doubt or an admin can change. */
export type Change = Partial<Pick<DeviceRecord, 'identity' | 'status' | 'tags' | 'owner'>>

/** Sees that what has changed of a device gets written: it is in force before that. */
export type Records = {
  /** @throws MusterError `store-unavailable`; then it is tried again later */
  write(id: string, changed: Change): Promise<void>
  /** Writes all of a device later. */
  owe(id: string): void
  /** Tries again what failed. */
  retry(): void
}

export type RecordsOptions = {
  store: Pick<Store, 'setIdentity' | 'setStatus' | 'setTags' | 'setOwner'>
  entries: ReadonlyMap<string, Entry>
  onError: (error: unknown) => void
}

export function openRecords({ store, entries, onError }: RecordsOptions): Records {
  const owed = new Set<string>()

  async function write(id: string, { identity, status, tags, owner }: Change): Promise<void> {
    try {
      await Promise.all([
        identity && store.setIdentity(id, identity),
        status && store.setStatus(id, status),
        tags && store.setTags(id, tags),
        owner !== undefined && store.setOwner(id, owner),
      ])
    } catch (error) {
      owed.add(id)
      throw error
    }
  }

  return {
    write,
    owe: (id) => void owed.add(id),
    retry() {
      for (const id of owed) {
        const entry = entries.get(id)
        if (entry?.isLeaving) continue
        owed.delete(id)
        if (entry) write(id, entry.device).catch(onError)
      }
    },
  }
}
