import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { createLocalJWKSet, jwtVerify, type JWK } from 'jose'
import { describe, expect, test } from 'vitest'
import { chance } from '../test/fakes/chance.ts'
import { mutations } from '../test/fakes/mutations.ts'
import { NO_VECTORS, readVectors } from '../test/fakes/vectors.ts'
import {
  STATUS_LIST_BYTES,
  emptyStatusList,
  packStatusList,
  setStatus,
  statusAt,
  unpackStatusList,
  type StatusBits,
  type StatusList,
} from './status-list.ts'

const ENTRIES = 2 ** 20
const BITS: StatusBits[] = [1, 2, 4, 8]

const unpacked = (input: unknown): StatusList => {
  const parsed = unpackStatusList(input)
  if (!parsed.ok) throw new Error(parsed.problem)
  return parsed.value
}

/** Every status that is not 0, by its index. */
function nonzero(list: StatusList, entries: number): Record<string, number> {
  const found: Record<string, number> = {}
  for (let index = 0; index < entries; index++) {
    const status = statusAt(list, index)
    if (status !== 0) found[index] = status ?? NaN
  }
  return found
}

describe('the published vectors', () => {
  type Vector = { name: string; bits: StatusBits; lst: string; entries: number; nonzero: Record<string, number> }
  type Vectors = { encoding_vectors: Vector[]; status_list_jwt: string; jwk: JWK }

  test.skipIf(NO_VECTORS !== '')(`are read as they say, and written the same way${NO_VECTORS}`, () => {
    const { encoding_vectors: vectors } = readVectors('status-list/vectors.json') as Vectors
    expect(vectors.map(({ bits }) => bits)).toEqual(expect.arrayContaining(BITS))
    for (const { name, bits, lst, entries, nonzero: expected } of vectors) {
      const list = unpacked({ bits, lst })
      expect([name, list.bytes.length]).toEqual([name, (entries * bits) / 8])
      const set = Object.entries(expected).filter(([, status]) => status !== 0)
      expect([name, nonzero(list, entries)]).toEqual([name, Object.fromEntries(set)])
      expect([name, statusAt(list, entries)]).toEqual([name, undefined])

      const made = emptyStatusList(bits, entries)
      for (const [index, status] of Object.entries(expected)) setStatus(made, Number(index), status)
      expect([name, Buffer.compare(made.bytes, list.bytes)]).toEqual([name, 0])
      expect([name, Buffer.compare(unpacked(packStatusList(made)).bytes, list.bytes)]).toEqual([name, 0])
    }
  })

  test.skipIf(NO_VECTORS !== '')(
    `the signed token verifies, and its list is the first vector${NO_VECTORS}`,
    async () => {
      const {
        status_list_jwt: token,
        jwk,
        encoding_vectors: vectors,
      } = readVectors('status-list/vectors.json') as Vectors
      const keys = createLocalJWKSet({ keys: [jwk] })
      const { payload } = await jwtVerify(token, keys, { typ: 'statuslist+jwt', algorithms: ['ES256'] })
      const list = unpacked(payload['status_list'])
      expect(nonzero(list, 16)).toEqual(vectors[0]?.nonzero)
    },
  )
})

describe('a list', () => {
  test.each(BITS)('of %i bits and a million entries keeps every status apart from its neighbours', (bits) => {
    const list = emptyStatusList(bits, ENTRIES)
    const chances = chance(bits)
    const expected: Record<string, number> = {}
    for (let times = 0; times < 10_000; times++) {
      const index = chances.below(ENTRIES)
      const status = chances.below(2 ** bits)
      setStatus(list, index, status)
      expected[index] = status
    }
    const again = unpacked(packStatusList(list))
    expect(again.bytes.length).toBe((ENTRIES * bits) / 8)
    for (const [index, status] of Object.entries(expected)) {
      expect([index, statusAt(again, Number(index))]).toEqual([index, status])
    }
    const set = Object.entries(expected).filter(([, status]) => status !== 0)
    expect(nonzero(again, ENTRIES)).toEqual(Object.fromEntries(set))
  })

  test('begins an entry at the least significant bits of a byte', () => {
    const list = emptyStatusList(2, 4)
    setStatus(list, 0, 1)
    setStatus(list, 3, 2)
    expect([...list.bytes]).toEqual([0b10000001])
    setStatus(list, 0, 2)
    expect([...list.bytes]).toEqual([0b10000010])
  })

  test.each([
    { name: 'the first and the last entry', indices: [0, 7], expected: [0, 0] },
    { name: 'one past the end', indices: [8], expected: [undefined] },
    { name: 'one before the beginning', indices: [-1], expected: [undefined] },
    { name: 'numbers that are no index', indices: [0.5, NaN, Infinity, 2 ** 53], expected: Array(4).fill(undefined) },
  ])('has an answer to $name, and 0 only for entries', ({ indices, expected }) => {
    const list = emptyStatusList(2, 8)
    expect(indices.map((index) => statusAt(list, index))).toEqual(expected)
  })

  test.each([
    { name: 'an entry past the end', index: 8, status: 1 },
    { name: 'an entry before the beginning', index: -1, status: 1 },
    { name: 'no whole entry', index: 1.5, status: 1 },
    { name: 'a status that has no room', index: 0, status: 4 },
    { name: 'a negative status', index: 0, status: -1 },
    { name: 'a status that is no whole number', index: 0, status: 0.5 },
  ])('cannot be set at $name', ({ index, status }) => {
    expect(() => setStatus(emptyStatusList(2, 8), index, status)).toThrow(RangeError)
  })
})

const encoded = (bytes: Buffer) => bytes.toString('base64url')

describe('what is not a list is refused:', () => {
  const good = deflateSync(Buffer.from([1, 2, 3]))

  test.each<[name: string, input: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'eNrbuRgAAhcBXQ'],
    ['three bits', { bits: 3, lst: encoded(good) }],
    ['bits as a text', { bits: '2', lst: encoded(good) }],
    ['no list', { bits: 2 }],
    ['an empty list', { bits: 2, lst: '' }],
    ['padded base64', { bits: 2, lst: good.toString('base64') + '=' }],
    ['a list with a space', { bits: 2, lst: `${encoded(good)} ` }],
    ['not ZLIB', { bits: 2, lst: encoded(Buffer.from('no list at all')) }],
    ['raw DEFLATE', { bits: 2, lst: encoded(deflateRawSync(Buffer.from([1, 2, 3]))) }],
    ['gzip', { bits: 2, lst: encoded(gzipSync(Buffer.from([1, 2, 3]))) }],
    ['a list cut short', { bits: 2, lst: encoded(good.subarray(0, -2)) }],
    ['a wrong checksum', { bits: 2, lst: encoded(Buffer.from([...good.subarray(0, -1), 0])) }],
    ['a bomb', { bits: 2, lst: encoded(deflateSync(Buffer.alloc(STATUS_LIST_BYTES + 1))) }],
  ])('%s', (_name, input) => {
    expect(unpackStatusList(input)).toEqual({ ok: false, problem: expect.any(String) })
  })

  test('a bomb costs no more than its limit', () => {
    const lst = encoded(deflateSync(Buffer.alloc(2 ** 28)))
    const before = process.memoryUsage().arrayBuffers
    expect(unpackStatusList({ bits: 1, lst }).ok).toBe(false)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 25)
  })

  test('a list of exactly the limit is read', () => {
    const list = packStatusList(emptyStatusList(8, STATUS_LIST_BYTES))
    expect(unpackStatusList(list).ok).toBe(true)
  })

  test('damaged ones by the thousand, without an exception', () => {
    const list = emptyStatusList(2, 4096)
    for (let index = 0; index < 4096; index += 7) setStatus(list, index, 1 + (index % 3))
    const text = packStatusList(list).lst
    const read = [...mutations(text, 10_000)].flatMap((lst) => {
      const parsed = unpackStatusList({ bits: 2, lst })
      return parsed.ok ? [parsed.value.bytes] : []
    })
    // ZLIB's checksum tells: what is read is what was written.
    expect(read.filter((bytes) => Buffer.compare(bytes, list.bytes) !== 0)).toEqual([])
    expect(read.length).toBeLessThan(2500)
  })

  test('other members of a list are for others', () => {
    const list = { ...packStatusList(emptyStatusList(1, 8)), aggregation_uri: 'https://collector.example/all' }
    expect(unpackStatusList(list).ok).toBe(true)
  })
})
