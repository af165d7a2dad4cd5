// Runs in the page of a refusal: says that something happens while the agent is asked, and asks it once.
document.querySelector('form').addEventListener('submit', () => {
  const button = document.querySelector('form button')
  button.disabled = true
  button.textContent = button.dataset.busy
})

// A page that comes out of the browser's memory was left while it asked.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload()
})
