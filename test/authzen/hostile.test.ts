import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { asking } from './served.ts'

let collector: TestCollector
let ask: ReturnType<typeof asking>['ask']
beforeAll(async () => {
  collector = await testCollector()
  ask = asking(collector.issuerUrl, await collector.gatewayKey('decide')).ask
})
afterAll(() => collector.close())

const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
const asked = (more: string) =>
  `{"subject":{"type":"user","id":"a"},"action":{"name":"GET"},"resource":{"type":"tier","id":"public"},${more}}`

describe('a hostile question is refused or denied', () => {
  test.each<{ name: string; path: string; body: () => string; status: number }>([
    { name: 'nested deeply', path: 'evaluation', body: () => asked(`"context":{"a":${deep(30_000)}}`), status: 200 },
    { name: 'all nesting', path: 'evaluation', body: () => deep(32_000), status: 400 },
    {
      name: 'with a proof that is nested deeply',
      path: 'evaluation',
      body: () => asked(`"context":{"dpop":${deep(30_000)}}`),
      status: 200,
    },
    {
      name: 'of many that are nested deeply',
      path: 'evaluations',
      body: () => `{"evaluations":${deep(32_000)}}`,
      status: 200,
    },
    {
      name: 'nested deeply, for the second page',
      path: 'search/subject',
      body: () => asked(`"page":{"token":"WyJhIiwiYiJd"},"context":{"a":${deep(30_000)}}`),
      status: 400,
    },
    {
      name: 'a long word',
      path: 'evaluation',
      body: () => asked(`"action":{"name":"${'x'.repeat(60_000)}"}`),
      status: 200,
    },
    {
      name: 'a long address',
      path: 'evaluation',
      body: () => asked(`"resource":{"type":"route","id":"a.example.com/${'%25'.repeat(20_000)}"}`),
      status: 200,
    },
    {
      name: 'an address of many steps',
      path: 'evaluation',
      body: () => asked(`"resource":{"type":"route","id":"a.example.com/${'a/../'.repeat(12_000)}"}`),
      status: 200,
    },
    {
      name: 'many empty ones',
      path: 'evaluations',
      body: () => `{"evaluations":[${Array.from({ length: 250 }, () => '{}').join()}]}`,
      status: 200,
    },
    {
      name: 'too many',
      path: 'evaluations',
      body: () => `{"evaluations":[${Array.from({ length: 251 }, () => '{}').join()}]}`,
      status: 400,
    },
    { name: 'too large', path: 'evaluation', body: () => asked(`"x":"${'x'.repeat(70_000)}"`), status: 413 },
    {
      name: 'half a letter',
      path: 'evaluation',
      body: () => asked(String.raw`"subject":{"type":"user","id":"\ud800"}`),
      status: 200,
    },
    { name: 'no page', path: 'search/subject', body: () => asked('"page":null'), status: 400 },
    { name: 'a page of none', path: 'search/subject', body: () => asked('"page":{"limit":0}'), status: 400 },
    { name: 'a page of less', path: 'search/subject', body: () => asked('"page":{"limit":-1}'), status: 400 },
    { name: 'half a page', path: 'search/subject', body: () => asked('"page":{"limit":1.5}'), status: 400 },
    { name: 'a page in words', path: 'search/subject', body: () => asked('"page":{"limit":"2"}'), status: 400 },
    { name: 'a page of all', path: 'search/subject', body: () => asked('"page":{"limit":1e15}'), status: 200 },
    { name: 'a token that is a number', path: 'search/subject', body: () => asked('"page":{"token":7}'), status: 400 },
  ])('$name', async ({ path, body, status }) => {
    const answer = await ask(`/access/v1/${path}`, body())
    expect(answer.status).toBe(status)
    expect(answer.body['decision'] ?? false).toBe(false)
    const many = (answer.body['evaluations'] ?? []) as { decision: boolean }[]
    expect(many.filter(({ decision }) => decision)).toEqual([])
  })
})
