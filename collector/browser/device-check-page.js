// Runs in the page of the device check: finds the agent of this laptop, has it prove itself, and tells what came of it.
import { ask, askAgent, fragment, goesInCircles, memory, permission } from './asking.js'
import { showTimes } from './local-times.js'

/** `2 things to mend now, and 1 soon:` */
function countOf(checks) {
  const soon = checks.filter(({ verdict }) => verdict === 'grace').length
  const now = checks.length - soon
  const things = now === 1 ? 'One thing' : `${now} things`
  return soon === 0 ? `${things} to mend:` : `${things} to mend now, and ${soon} soon:`
}

/**
 * As if nothing had been: with a cookie of its own, and led by the protected host, since after hours the browser has none
 * of that any more either.
 */
function startAnew() {
  const url = new URL(location.href)
  if (!url.searchParams.has('state')) return location.reload()
  url.searchParams.delete('state')
  return location.replace(url.href)
}

{
  const main = document.querySelector('main')
  const { issuer, host, ticket: ownTicket } = main.dataset
  /** What this tab was opened for, while the browser is with the agent. */
  const KEPT = 'muster-errand'
  /** A fetch that waits for a person who is asked for permission must not end before they answer. */
  const ASKED_MS = 120_000
  const QUICK_MS = 3000
  let agentUrl = null
  const ports = main.dataset.ports.split(' ')
  let isProved = false
  let isBusy = false

  const find = (selector) => main.querySelector(selector)

  /** Shows one of the sections, and has screen readers go on there. */
  function show(name) {
    for (const section of main.querySelectorAll('section')) section.hidden = section.id !== name
    const heading = find(`#${name} h1`)
    document.title = heading.textContent
    if (name !== 'looking') heading.focus()
  }

  /** `place`: what stood behind `#` at the protected host. */
  function errand() {
    return memory.get(KEPT) ?? { ticket: ownTicket, place: fragment().get('back') }
  }

  /** The agent that is enrolled here: a laptop may have several, and programs that only say they are one. */
  async function findAgent(waitMs, failed) {
    const urls = ports.map((port) => `http://127.0.0.1:${port}`).filter((url) => !failed.has(url))
    const asked = urls.map(async (url) => {
      const hello = await askAgent(`${url}/v1/hello`, { waitMs })
      const isOurs = hello.product === 'muster-agent' && new URL(hello.issuer).origin === issuer
      if (!isOurs) throw new Error('it is enrolled elsewhere')
      return url
    })
    return Promise.any(asked).catch(() => null)
  }

  async function begin() {
    const proof = fragment().get('proof')
    if (proof !== null) {
      history.replaceState(null, '', location.pathname + location.search)
      return tell(await ask('proof', { proof, ticket: errand().ticket }))
    }
    // Without a host it is the page that the agent led back to, loaded once more.
    if (host !== '') memory.set(KEPT, null)
    const state = await permission()
    if (state === 'denied') return show('blocked')
    if (state === 'prompt') return show('permission')
    return prove(QUICK_MS)
  }

  async function prove(waitMs) {
    show('looking')
    const failed = new Set()
    let signed = null
    while (signed === null) {
      agentUrl = await findAgent(waitMs, failed)
      if (agentUrl === null) return show((await permission()) === 'granted' ? 'absent' : 'blocked')
      const { nonce } = await ask('nonce', {})
      signed = await askAgent(`${agentUrl}/v1/proof`, { body: { nonce }, waitMs }).catch(() => null)
      failed.add(agentUrl)
    }
    return tell(await ask('proof', { proof: signed.proof, ticket: errand().ticket }))
  }

  /** The same through a page of the agent, for browsers that let no page ask its own machine. */
  async function goToAgent(port) {
    const { nonce } = await ask('nonce', {})
    memory.set(KEPT, errand())
    const url = port ? `http://127.0.0.1:${port}` : (agentUrl ?? `http://127.0.0.1:${ports[0]}`)
    location.assign(`${url}/v1/ask?nonce=${encodeURIComponent(nonce)}`)
  }

  async function again() {
    if (!isProved) return begin()
    return tell(await ask('again', { ticket: errand().ticket }))
  }

  const NOTES = {
    away: 'The agent of this laptop is not connected at the moment. Is the laptop online? It reports as soon as it is.',
    late: 'The agent has not reported yet. Try once more in a moment.',
  }

  function tell({ outcome, next, tier, reason, checks, agent }) {
    isProved = true
    for (const element of main.querySelectorAll('.tier')) element.textContent = tier
    if (outcome === 'admitted') {
      show('admitted')
      find('#done').hidden = Boolean(next)
      if (!next) return
      const { place } = errand()
      memory.set(KEPT, null)
      const where = new URL(next)
      // Redirects take it along to where they lead.
      if (place) where.hash = place
      for (const element of main.querySelectorAll('.where')) element.textContent = where.host
      for (const link of main.querySelectorAll('.go')) link.href = where.href
      const isStuck = goesInCircles()
      find('#circles').hidden = !isStuck
      find('#going').hidden = isStuck
      if (!isStuck) location.replace(where.href)
      return
    }
    find('#checks').replaceChildren(...checks.map(shown))
    find('#reason').textContent = checks.length > 0 ? '' : reason
    find('#count').hidden = checks.length === 0
    find('#count').textContent = countOf(checks)
    const time = new Date().toLocaleTimeString()
    find('#note').textContent = NOTES[agent] ?? (agent ? `Checked again at ${time}. It is not enough yet.` : '')
    showTimes(find('#checks'))
    show('refused')
  }

  const BADGES = { unknown: 'Could not be read', stale: 'Not reported', grace: 'Soon' }

  function shown({ title, verdict, why, fix, deadline }) {
    const item = document.createElement('li')
    const add = (tag, className, text) => {
      const element = document.createElement(tag)
      element.dir = 'auto'
      element.className = className
      element.textContent = text
      item.append(element)
      return element
    }
    item.className = verdict === 'grace' ? 'check soon' : 'check'
    add('h2', '', title)
    add('span', 'badge', BADGES[verdict] ?? 'To mend')
    add('p', 'why', why)
    if (fix) add('p', 'fix', fix)
    if (deadline) {
      const until = add('p', 'until', verdict === 'grace' ? 'Mend it before ' : 'It had until ')
      const time = document.createElement('time')
      time.dateTime = deadline
      time.textContent = deadline
      until.append(time)
    }
    return item
  }

  function fail(error) {
    if (error.code === 'device-check-over' && isProved) {
      startAnew()
      return
    }
    find('#what').textContent = error.code ? `${error.message}.` : 'The collector does not answer.'
    find('#detail').textContent = error.code ? (error.fix ?? '') : 'Look at the network, then try once more.'
    find('#code').textContent = error.code ? [error.code, error.detail].filter(Boolean).join(': ') : ''
    show('problem')
  }

  /** One thing at a time: a second press of a button changes nothing. */
  async function run(act, button) {
    if (isBusy) return
    isBusy = true
    const label = button?.textContent
    if (button) {
      button.disabled = true
      button.textContent = button.dataset.busy ?? label
    }
    try {
      await act()
    } catch (error) {
      fail(error)
    } finally {
      isBusy = false
      if (button) {
        button.disabled = false
        button.textContent = label
      }
    }
  }

  const ACTS = {
    again,
    retry: () => prove(QUICK_MS),
    permit: () => prove(ASKED_MS),
    agent: (button) => goToAgent(button.dataset.port),
    reload: () => location.reload(),
    anew: startAnew,
  }

  main.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-act]')
    if (button) void run(() => ACTS[button.dataset.act](button), button)
  })
  // Whoever comes back from the settings of the laptop need not press anything.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && !find('#refused').hidden) void run(again, find('#refused button'))
  })
  // A page out of the browser's memory is of a check that is over.
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload()
  })

  if (document.prerendering) document.addEventListener('prerenderingchange', () => void run(begin), { once: true })
  else if (location.origin === issuer) void run(begin)
  else location.replace(issuer + location.pathname + location.search + location.hash)
}
