// Runs in the page of a refusal: has the agent look again, and then asks for the page itself once more. That way it keeps
// its place behind `#`; what was sent to it (the browser asks about that); and an application that now leads to a sign-in
// elsewhere may do so, which a form may not.
{
  const PRESSED = 'muster-checked-again'
  const form = document.querySelector('form')
  const button = form.querySelector('button')

  async function checkAgain() {
    button.disabled = true
    button.textContent = button.dataset.busy
    const body = new URLSearchParams(new FormData(form))
    try {
      await fetch(form.action, { method: 'POST', body, redirect: 'manual', cache: 'no-store' })
    } catch {
      form.submit()
      return
    }
    sessionStorage.setItem(PRESSED, String(Date.now()))
    location.reload()
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void checkAgain()
  })

  // Said a moment later: what stands in a page from its beginning is not read out as news.
  if (Date.now() - Number(sessionStorage.getItem(PRESSED)) < 10_000)
    addEventListener('load', () => {
      sessionStorage.removeItem(PRESSED)
      const note = document.querySelector('#note')
      note.textContent = `Checked again at ${new Date().toLocaleTimeString()}. It is not enough yet.`
      note.focus()
    })

  // A page that comes out of the browser's memory was left while it asked.
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload()
  })
}
