// Runs in the page that leads from a protected host to the device check. The part of an address behind `#` reaches no
// server, so it is taken along from here; many an application keeps the whole place in it.
{
  const link = document.querySelector('main a')
  if (location.hash.length > 1) link.href += `#back=${encodeURIComponent(location.hash.slice(1))}`
  location.replace(link.href)
}
