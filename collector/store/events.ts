import type { Database } from 'better-sqlite3'
import { Type } from 'typebox'
import { nullable } from '../../shared/schema.ts'
import type { Writer } from './group-commit.ts'
import { Millis, readStrings, rowReaderOf } from './rows.ts'
import type { NewEvent, OutgoingEvent, Store, StreamRecord, ToldRecord } from './store.ts'

type EventTable = Pick<
  Store,
  | 'loadStreams'
  | 'addStream'
  | 'saveStream'
  | 'removeStream'
  | 'loadTold'
  | 'addEvents'
  | 'outgoingEvents'
  | 'ownEvents'
  | 'countOutgoing'
  | 'oldestOutgoing'
  | 'dropEvents'
  | 'refuseEvent'
  | 'supersedeEvents'
  | 'forgetRefused'
>

/**
 * Streams, what they have yet to deliver, and how far events have been made of the changes of standing. The cursor moves in
 * the transaction that adds the events, and an event goes when it was delivered: so none is lost, and none is made twice.
 */
export function eventTable(db: Database, write: Writer): EventTable {
  const allStreams = db.prepare<[]>('select * from event_stream order by created_at, rowid')
  const newest = db.prepare<[], { seq: number }>("select seq from sqlite_sequence where name = 'standing_change'")
  const putStream = db.prepare(
    'insert into event_stream (id, owner, created_at, since, document) values (?, ?, ?, ?, ?)',
  )
  const changeStream = db.prepare('update event_stream set document = ? where id = ?')
  const deleteStream = db.prepare('delete from event_stream where id = ?')
  const empty = db.prepare('delete from outgoing_event where stream_id = ? and refused is null')
  const cursor = db.prepare<[], { change_id: number }>('select change_id from event_cursor')
  const allTold = db.prepare<[]>('select * from told_device')
  const advance = db.prepare('update event_cursor set change_id = ? where change_id = ?')
  const tell = db.prepare(
    `insert into told_device (device_id, tiers, compliant, owner) values (?, ?, ?, ?) on conflict (device_id) do update
       set tiers = excluded.tiers, compliant = excluded.compliant, owner = excluded.owner`,
  )
  const untell = db.prepare('delete from told_device where device_id = ?')
  const addEvent = db.prepare(
    `insert into outgoing_event (stream_id, jti, type, device_id, claims, made_at)
     select @streamId, @jti, @type, @deviceId, @claims, @madeAt where exists
       (select 1 from event_stream where id = @streamId and (@changeId is null or since < @changeId))
     on conflict (stream_id, jti) do nothing`,
  )
  const ofDevices = db.prepare<[string, number]>(
    `select jti, type, device_id, claims from outgoing_event where stream_id = ? and refused is null and device_id is not null
     order by id limit ?`,
  )
  const ofStream = db.prepare<[string]>(
    `select jti, type, device_id, claims from outgoing_event indexed by outgoing_event_own
     where stream_id = ? and refused is null and device_id is null order by id`,
  )
  // Each by the index that has nothing else.
  const count = db.prepare<{ id: string }, { n: number }>(
    `select (select count(*) from outgoing_event where stream_id = @id and refused is null and device_id is not null)
          + (select count(*) from outgoing_event where stream_id = @id and refused is null and device_id is null) as n`,
  )
  const oldest = db.prepare<{ id: string }, { at: number | null }>(
    `select min(made_at) as at from outgoing_event where id in (
       (select min(id) from outgoing_event where stream_id = @id and refused is null and device_id is not null),
       (select min(id) from outgoing_event where stream_id = @id and refused is null and device_id is null))`,
  )
  const drop = db.prepare('delete from outgoing_event where stream_id = ? and jti = ?')
  const refuse = db.prepare('update outgoing_event set refused = ? where stream_id = ? and jti = ? and refused is null')
  const forget = db.prepare('delete from outgoing_event where refused is not null and made_at < ?')
  const supersede = db.prepare<{ stream: string; alternating: string }>(SUPERSEDED)

  const add = ({ at, ...event }: NewEvent) => void addEvent.run({ ...event, madeAt: at.getTime() })

  return {
    loadStreams: async () => allStreams.all().map(streamOfRow),
    addStream: ({ id, owner, createdAt, document }) =>
      write(() => {
        const since = newest.get()?.seq ?? 0
        putStream.run(id, owner, createdAt.getTime(), since, document)
        return since
      }),
    saveStream: (id, document, { events = [], drop: isDropped = false } = {}) =>
      write(() => {
        if (changeStream.run(document, id).changes === 0) return false
        if (isDropped) empty.run(id)
        for (const event of events) add(event)
        return true
      }),
    removeStream: (id) => write(() => void deleteStream.run(id)),
    loadTold: async () => ({ cursor: cursor.get()?.change_id ?? 0, told: allTold.all().map(toldOfRow) }),
    addEvents: ({ from, to, told, events }) =>
      write(() => {
        if (advance.run(to, from).changes === 0) return false
        for (const { deviceId, tiers, compliant, owner } of told) {
          if (tiers.length === 0) untell.run(deviceId)
          else tell.run(deviceId, JSON.stringify(tiers), compliant === null ? null : Number(compliant), owner)
        }
        for (const event of events) add(event)
        return true
      }),
    async outgoingEvents(streamId, limit) {
      const own = ofStream.all(streamId).map(outgoingOfRow)
      return own.length > 0 ? own.slice(0, limit) : ofDevices.all(streamId, limit).map(outgoingOfRow)
    },
    ownEvents: async (streamId) => ofStream.all(streamId).map(outgoingOfRow),
    countOutgoing: async (streamId) => count.get({ id: streamId })?.n ?? 0,
    async oldestOutgoing(streamId) {
      const at = oldest.get({ id: streamId })?.at ?? null
      return at === null ? null : new Date(at)
    },
    dropEvents: (streamId, jtis) => write(() => jtis.reduce((sum, jti) => sum + drop.run(streamId, jti).changes, 0)),
    refuseEvent: (streamId, jti, problem) => write(() => refuse.run(problem, streamId, jti).changes > 0),
    supersedeEvents: (stream, alternating) => write(() => supersede.run({ stream, alternating }).changes),
    forgetRefused: (before) => write(() => forget.run(before.getTime()).changes),
  }
}

/**
 * What stays is the last event of each device and type. Of the type of which each event undoes the one before, the first of
 * an even number stays as well: the receiver goes by both from what it knows to what it knew already.
 */
const SUPERSEDED = `delete from outgoing_event where id in (
  select id from (
    select id, type,
      row_number() over (partition by device_id, type order by id) as place,
      count(*) over (partition by device_id, type) as all_of_it
    from outgoing_event where stream_id = @stream and refused is null and device_id is not null
  ) where place < all_of_it and not (type = @alternating and place = 1 and all_of_it % 2 = 0))`

const readStream = rowReaderOf(
  'event stream',
  Type.Object({
    id: Type.String(),
    owner: Type.String(),
    created_at: Millis,
    since: Type.Integer(),
    document: Type.String(),
  }),
)

function streamOfRow(row: unknown): StreamRecord {
  const { created_at: createdAt, ...it } = readStream(row)
  return { ...it, createdAt: new Date(createdAt) }
}

const readOutgoing = rowReaderOf(
  'outgoing event',
  Type.Object({ jti: Type.String(), type: Type.String(), device_id: nullable(Type.String()), claims: Type.String() }),
)

function outgoingOfRow(row: unknown): OutgoingEvent {
  const { device_id: deviceId, ...it } = readOutgoing(row)
  return { ...it, deviceId }
}

const readTold = rowReaderOf(
  'told device',
  Type.Object({
    device_id: Type.String(),
    tiers: Type.String(),
    compliant: nullable(Type.Integer()),
    owner: nullable(Type.String()),
  }),
)

function toldOfRow(row: unknown): ToldRecord {
  const { device_id: deviceId, tiers, compliant, owner } = readTold(row)
  return {
    deviceId,
    tiers: readStrings(tiers, `told device ${deviceId}`),
    compliant: compliant === null ? null : compliant === 1,
    owner,
  }
}
