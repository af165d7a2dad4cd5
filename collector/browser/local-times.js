// Runs in the page: moments in the words and the time zone of the person who reads them.
export function showTimes(root) {
  for (const element of root.querySelectorAll('time')) {
    const moment = new Date(element.dateTime)
    if (Number.isNaN(moment.getTime())) continue
    const inWords = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' }).format(moment)
    element.textContent = `${inWords} (${distance(moment)})`
    element.title = moment.toISOString()
  }
}

function distance(moment) {
  const minutes = Math.round((moment.getTime() - Date.now()) / 60_000)
  const [amount, unit] =
    Math.abs(minutes) < 120
      ? [minutes, 'minute']
      : Math.abs(minutes) < 48 * 60
        ? [Math.round(minutes / 60), 'hour']
        : [Math.round(minutes / 1440), 'day']
  return new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' }).format(amount, unit)
}

showTimes(document)
