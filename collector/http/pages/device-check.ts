import { AGENT_PORTS } from '../../../shared/browser.ts'
import { SCRIPTS } from '../../browser/scripts.ts'
import { html, type Html } from './html.ts'
import { pageOf, type Page } from './page.ts'

export type CheckPage = {
  issuerOrigin: string
  issuerUrl: string
  /** The host that the browser came from; null where nobody sent it. */
  host: string | null
  tier: string | null
  ticket: string
  /** A page that says how to get the agent; null where the operator named none. */
  agentHelp: string | null
}

/** The page that finds the agent of this laptop. What it shows comes one section at a time, by its script. */
export function deviceCheckPage(shown: CheckPage): Page {
  const { issuerOrigin, host, tier, ticket } = shown
  const subject = host === null ? html`What you want to open` : html`<b>${host}</b>`
  return pageOf({
    title: 'Checking this laptop',
    script: SCRIPTS.deviceCheck,
    connect: AGENT_PORTS.map((port) => `http://127.0.0.1:${port}`),
    main: html`<main
      data-issuer="${issuerOrigin}"
      data-host="${host ?? ''}"
      data-ticket="${ticket}"
      data-ports="${AGENT_PORTS.join(' ')}"
    >
      <noscript
        ><h1>This page needs JavaScript</h1>
        <p>
          It asks the Muster agent on this laptop to say which laptop it is. Allow scripts for <b>${issuerOrigin}</b>,
          then load the page again.
        </p></noscript
      >

      <section id="looking" hidden>
        <h1 tabindex="-1">Checking this laptop</h1>
        <p class="lead">${subject} is for laptops of which it is known that they are up to date and protected.</p>
        <p class="working" role="status">Asking the Muster agent on this laptop…</p>
      </section>

      <section id="permission" hidden>
        <h1 tabindex="-1">Your browser may ask you something</h1>
        <p>
          This page wants to ask the Muster agent, a program on this laptop, which laptop it is. Browsers call that
          “access to other apps and services on this device”, or “the local network”.
        </p>
        <p>
          Press the button, then choose <b>Allow</b>. The agent tells which laptop this is, to
          <b>${issuerOrigin}</b> and to nobody else. The browser asks only this once.
        </p>
        <p class="row"><button data-act="permit" data-busy="Waiting for your answer…">Ask the agent</button></p>
        ${throughAgent(html`I would rather not allow it`)}
      </section>

      <section id="refused" hidden>
        <h1 tabindex="-1">This laptop does not pass yet</h1>
        <p class="lead">${subject} is only for laptops that are admitted to <bdi class="tier">${tier ?? ''}</bdi>.</p>
        <p id="reason" dir="auto"></p>
        <p id="count"></p>
        <ul class="checks" id="checks"></ul>
        <p class="row"><button data-act="again" data-busy="Asking the agent…">Check again</button></p>
        <p class="lead">Whenever you come back to this page, it checks again by itself.</p>
        <p id="note" role="status"></p>
      </section>

      <section id="admitted" hidden>
        <h1 tabindex="-1">This laptop passes</h1>
        <p>
          It is admitted to <bdi class="tier">${tier ?? ''}</bdi>.<span id="done" hidden>
            You may close this page.</span
          >
        </p>
        <p id="going" hidden>
          <span class="working">Going back to <span class="where"></span>…</span> <a class="go">Go on by hand</a> if
          nothing happens.
        </p>
        <div id="circles" hidden>
          <p>
            But this tab was sent back to <b class="where"></b> several times within a minute, and came here again each
            time. See whether your browser blocks cookies of that site. If it does not, tell your admin that its gateway
            does not pass on the cookies of Muster.
          </p>
          <p class="row"><a class="button go">Go back once more</a></p>
        </div>
      </section>

      <section id="absent" hidden>
        <h1 tabindex="-1">No agent answers on this laptop</h1>
        <p>
          This check needs the Muster agent, a small program that tells whether the laptop is up to date, encrypted and
          protected. Either it is not there, or it does not run, or this browser does not let the page ask it.
        </p>
        ${howToGet(shown)}
        <p class="row"><button data-act="retry" data-busy="Looking…">Try again</button></p>
        ${throughAgent(html`The agent runs on this laptop`)}
      </section>

      <section id="blocked" hidden>
        <h1 tabindex="-1">This browser does not let the page ask the agent</h1>
        <p>
          The page may not reach programs on this laptop. You can allow it: press the sign at the left of the address
          bar, and allow access to “apps on this device” or “local network”. Or go the other way:
        </p>
        <p class="row">
          <button data-act="agent" data-busy="Going there…">Ask on the agent’s own page</button
          ><button class="quiet" data-act="reload" data-busy="Loading…">I have allowed it</button>
        </p>
        <p class="lead">The agent then asks you whether it may say which laptop this is, and brings you back here.</p>
        ${otherPorts()}
      </section>

      <section id="problem" hidden>
        <h1 tabindex="-1">The check could not be done</h1>
        <p id="what"></p>
        <p id="detail"></p>
        <p class="row"><button data-act="anew">Start again</button></p>
        <p id="code"></p>
      </section>
    </main>`,
  })
}

function howToGet({ agentHelp, issuerUrl }: CheckPage): Html {
  if (agentHelp !== null)
    return html`<p><b>If it is not there:</b> <a href="${agentHelp}" rel="noreferrer">how to get the agent</a>.</p>`
  return html`<p>
    <b>If it is not there:</b> ask your admin for the agent, and for an enrolment string of <b>${issuerUrl}</b>.
  </p>`
}

function throughAgent(summary: Html): Html {
  return html`<details>
    <summary>${summary}</summary>
    <p>Then the agent can ask you on a page of its own, and bring you back here.</p>
    <p class="row">
      <button class="quiet" data-act="agent" data-busy="Going there…">Ask on the agent’s own page</button>
    </p>
    ${otherPorts()}
  </details>`
}

/** The agent takes the first port that is free: nearly always the first. */
function otherPorts(): Html {
  const [, ...others] = AGENT_PORTS
  const buttons = others.map(
    (port) => html`<button class="quiet small" data-act="agent" data-port="${String(port)}">${String(port)}</button>`,
  )
  return html`<p class="row lead">
    If no page appears there, or one that asks for another company, another port: ${buttons}
  </p>`
}
