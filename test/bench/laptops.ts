// Started by `bench intake`: many laptops in one process of their own, so that only the collector is measured.
import { connectedClient, enrolledClient } from '../fakes/client.ts'
import { healthyFacts } from '../fakes/facts.ts'

type Order = { enrollments: string[]; reports: number }

process.once('message', async ({ enrollments, reports }: Order) => {
  const facts = healthyFacts(new Date())
  const conversations = await Promise.all(
    enrollments.map(async (enrollment) => connectedClient(await enrolledClient(enrollment))),
  )
  await Promise.all(conversations.map((it) => it.report(facts)))
  process.once('message', async () => {
    await Promise.all(
      conversations.map(async (it) => {
        for (let n = 0; n < reports; n++) await it.report(facts)
      }),
    )
    process.send?.('done')
  })
  process.send?.('ready')
})
