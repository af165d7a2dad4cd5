// Runs in the page of a refusal: has the agent look again, and then asks for the page itself once more. That way it keeps
// its place behind `#`; what was sent to it (the browser asks about that); and an application that now leads to a sign-in
// elsewhere may do so, which a form may not.
{
  const form = document.querySelector('form')
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const button = form.querySelector('button')
    button.disabled = true
    button.textContent = button.dataset.busy
    const body = new URLSearchParams(new FormData(form))
    fetch(form.action, { method: 'POST', body, redirect: 'manual', cache: 'no-store' }).then(
      () => location.reload(),
      () => form.submit(),
    )
  })

  // Said a moment later: what stands in a page from its beginning is not read out as news.
  const [{ type } = {}] = performance.getEntriesByType('navigation')
  if (type === 'reload')
    addEventListener('load', () => {
      const note = document.querySelector('#note')
      note.textContent = `Looked at again at ${new Date().toLocaleTimeString()}. It is not enough yet.`
      note.focus()
    })

  // A page that comes out of the browser's memory was left while it asked.
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload()
  })
}
