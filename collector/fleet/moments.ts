import TinyQueue from 'tinyqueue'

/** Which device's verdict changes next by time alone. */
export type Moments = {
  /** The moment of a device, in place of the one before; null where time alone changes nothing. */
  set(id: string, moment: Date | null): void
  /** Takes out the devices whose moment has come. */
  due(now: Date): string[]
  /** The first moment; null where there is none. */
  next(): Date | null
}

/**
 * A queue of moments. A device stands in it once: a moment that moves away is looked at again when the old one comes,
 * since nearly every report moves it and hardly any moment is reached.
 */
export function openMoments(): Moments {
  const queue = new TinyQueue<{ id: string; at: number }>([], (a, b) => a.at - b.at)
  /** The moment that holds, and the one that stands in the queue. */
  const moments = new Map<string, { at: number; queued: number }>()

  function enqueue(id: string, at: number): void {
    queue.push({ id, at })
    moments.set(id, { at, queued: at })
  }

  return {
    set(id, moment) {
      if (moment === null) return void moments.delete(id)
      const at = moment.getTime()
      const known = moments.get(id)
      if (known && known.queued <= at) known.at = at
      else enqueue(id, at)
    },
    due(now) {
      const ids: string[] = []
      for (let first = queue.peek(); first && first.at <= now.getTime(); first = queue.peek()) {
        queue.pop()
        const known = moments.get(first.id)
        if (!known || known.queued !== first.at) continue
        if (known.at > now.getTime()) enqueue(first.id, known.at)
        else {
          moments.delete(first.id)
          ids.push(first.id)
        }
      }
      return ids
    },
    next() {
      const first = queue.peek()
      return first ? new Date(first.at) : null
    },
  }
}
