/** The style of every page: what the system has for letters and colours, in light and in dark. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f3f5f4, #121615);
  --card: light-dark(#fff, #1b2120);
  --line: light-dark(#dbe1de, #323b38);
  --edge: light-dark(#7d8c85, #6b7a74);
  --text: light-dark(#17201c, #e8eeeb);
  --quiet: light-dark(#55635d, #a3b1ab);
  --accent: light-dark(#0b6b50, #5cc9a2);
  --on-accent: light-dark(#fff, #06231a);
  --bad: light-dark(#a3291b, #ff9d8d);
  --bad-ground: light-dark(#fdeeeb, #3a1e19);
  --soon: light-dark(#7a4d00, #f3c26b);
  --soon-ground: light-dark(#fdf3df, #35290f);
  font: 100%/1.55 system-ui, -apple-system, "Segoe UI", sans-serif;
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; background: var(--ground); color: var(--text); padding: clamp(1rem, 6vh, 4.5rem) 1rem 2rem; }
main { max-width: 38rem; margin: 0 auto; background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: clamp(1.25rem, 5vw, 2.5rem); box-shadow: 0 1px 2px #0000000d, 0 12px 32px -18px #00000040; overflow-wrap: anywhere; }
header, footer { max-width: 38rem; margin: 0 auto; color: var(--quiet); font-size: .875rem; padding: 0 .25rem; }
header { display: flex; align-items: center; gap: .55rem; margin-bottom: .9rem; font-weight: 600; letter-spacing: .01em; }
header svg { width: 1.4rem; height: 1.4rem; color: var(--accent); flex: none; }
footer { margin-top: .9rem; }
h1 { font-size: clamp(1.3rem, 4.5vw, 1.65rem); line-height: 1.25; margin: 0 0 .6rem; letter-spacing: -.01em; text-wrap: balance; outline: none; }
p { margin: 0 0 .9rem; }
.lead { color: var(--quiet); }
bdi { font-weight: 600; }
.lead :is(b, bdi), .tier { color: var(--text); font-weight: 600; }
ul.checks { list-style: none; margin: 1.1rem 0 1.4rem; padding: 0; display: grid; gap: .75rem; }
.check { border: 1px solid var(--line); border-inline-start: 4px solid var(--bad); border-radius: 10px; padding: .85rem 1rem; display: flex; flex-wrap: wrap; gap: .15rem .75rem; }
.check.soon { border-inline-start-color: var(--soon); }
.check h2 { font-size: 1rem; margin: 0; flex: 1 1 auto; }
.check p { flex: 0 0 100%; margin: 0; }
.badge { align-self: center; font-size: .75rem; font-weight: 600; padding: .1rem .55rem; border-radius: 99px; background: var(--bad-ground); color: var(--bad); white-space: nowrap; }
.soon .badge { background: var(--soon-ground); color: var(--soon); }
.why { color: var(--quiet); }
.why::first-letter { text-transform: uppercase; }
.fix { margin-top: .35rem !important; }
.until { font-size: .875rem; color: var(--quiet); margin-top: .35rem !important; }
.soon .until { color: var(--soon); }
button, .button { font: inherit; font-weight: 600; border: 1px solid transparent; border-radius: 9px; padding: .6rem 1.15rem; background: var(--accent); color: var(--on-accent); cursor: pointer; text-decoration: none; display: inline-block; }
button:hover, .button:hover { filter: brightness(1.08); }
button:disabled { opacity: .65; cursor: progress; }
button.quiet { background: transparent; color: var(--accent); border-color: var(--edge); }
button.small { padding: .25rem .65rem; font-size: .875rem; font-weight: 500; }
:is(button, a, summary):focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
a { color: var(--accent); text-underline-offset: .15em; }
.row { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; margin: 0 0 .9rem; }
details { border-top: 1px solid var(--line); margin-top: 1.3rem; padding-top: 1rem; }
summary { cursor: pointer; font-weight: 600; }
details p { margin-top: .7rem; }
#note, #code { font-size: .875rem; color: var(--quiet); margin: 0; outline: none; }
#note:not(:last-child) { margin-bottom: .9rem; }
ol { margin: 0; padding-inline-start: 1.4rem; display: grid; gap: .4rem; }
:is(#note, #code, #reason):empty { display: none; }
main > :last-child, section > :last-child { margin-bottom: 0; }
.working { display: flex; align-items: center; gap: .8rem; color: var(--quiet); }
.working::before { content: ""; width: 1.15rem; height: 1.15rem; flex: none; border-radius: 50%; border: 2px solid var(--line); border-top-color: var(--accent); animation: turn 1s linear infinite; }
@keyframes turn { to { transform: rotate(1turn); } }
@media (prefers-reduced-motion: reduce) { .working::before { animation-duration: 6s; } }
[hidden] { display: none !important; }
`
