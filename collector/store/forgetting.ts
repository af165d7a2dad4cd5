import type { Database } from 'better-sqlite3'
import type { Writer } from './group-commit.ts'
import type { Store } from './store.ts'

/** How long the event loop is held at a time. */
const SLICE_MS = 2
/** So many rows go in one step, which is far shorter than a slice. */
const ROWS = 100

/**
 * Forgets what lies before a moment. It goes from device to device by the indices and in slices: whatever there is to
 * forget, others read and write in between.
 */
export function forgetting(db: Database, write: Writer): Pick<Store, 'forgetHistory'> {
  const steps = stepsOf(db)

  return {
    async forgetHistory(before) {
      const work = steps(before.getTime())
      let forgotten = 0
      for (;;) {
        const { dropped, isDone } = await write(() => slice(work))
        forgotten += dropped
        if (isDone) return forgotten
      }
    },
  }
}

/** As many steps as fit into a slice. */
function slice(work: Generator<number, void>): { dropped: number; isDone: boolean } {
  const end = performance.now() + SLICE_MS
  let dropped = 0
  while (performance.now() < end) {
    const step = work.next()
    if (step.done) return { dropped, isDone: true }
    dropped += step.value
  }
  return { dropped, isDone: false }
}

/** The work in steps, each of which gives the number of rows that it dropped. */
function stepsOf(db: Database): (cut: number) => Generator<number, void> {
  const nextDevice = db.prepare<[string, string], { id: string | null }>(
    `select min(id) as id from (
       select min(device_id) as id from transition where device_id > ? union all
       select min(device_id) as id from standing_change where device_id > ?)`,
  )
  const nextCheck = db.prepare<[string, string], { id: string | null }>(
    'select min(check_id) as id from transition where device_id = ? and check_id > ?',
  )
  /** Of a device that was removed, everything, once all of it lies before the cut. */
  const isOver = db.prepare<{ device: string; cut: number }>(
    `select 1 where not exists (select 1 from device where id = @device)
       and not exists (select 1 from transition where device_id = @device and at >= @cut)
       and not exists (select 1 from standing_change where device_id = @device and at >= @cut)`,
  )
  const dropAll = ['transition', 'standing_change'].map((table) =>
    db.prepare<{ device: string }>(
      `delete from ${table} where id in (select id from ${table} where device_id = @device limit ${ROWS})`,
    ),
  )
  /** Most devices have nothing to forget, on most nights. The plus keeps to the index that has the checks in order. */
  const hasOld = db.prepare<{ device: string; cut: number }>(
    `select 1 where exists (select 1 from transition where device_id = @device and +at < @cut
         group by check_id having count(*) > 1)
       or (select count(*) > 1 from standing_change where device_id = @device and at < @cut)`,
  )
  /** Of any other, everything but the last before the cut: that still held then. */
  const dropVerdicts = db.prepare<{ device: string; check: string; cut: number }>(
    dropButLast('transition', 'device_id = @device and check_id = @check and at < @cut'),
  )
  const dropStandings = db.prepare<{ device: string; cut: number }>(
    dropButLast('standing_change', 'device_id = @device and at < @cut'),
  )

  return function* steps(cut) {
    for (let id = nextDevice.get('', '')?.id; id; id = nextDevice.get(id, id)?.id) {
      const device = id
      if (isOver.get({ device, cut })) {
        for (const drop of dropAll) yield* untilNone(() => drop.run({ device }).changes)
        continue
      }
      if (!hasOld.get({ device, cut })) {
        yield 0
        continue
      }
      for (let check = nextCheck.get(device, '')?.id; check; check = nextCheck.get(device, check)?.id) {
        const series = { device, check, cut }
        yield* untilNone(() => dropVerdicts.run(series).changes)
      }
      yield* untilNone(() => dropStandings.run({ device, cut }).changes)
    }
  }
}

function dropButLast(table: string, where: string): string {
  return `delete from ${table} where id in (
    select id from ${table} where ${where}
      and id <> (select id from ${table} where ${where} order by id desc limit 1)
    limit ${ROWS})`
}

function* untilNone(drop: () => number): Generator<number, void> {
  for (let dropped = ROWS; dropped === ROWS;) yield (dropped = drop())
}
