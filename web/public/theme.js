// Runs before the page is painted, so that nobody who works in the dark is dazzled.
// It is a file of its own because the server allows no inline script.
(function () {
  var stored = null
  try {
    stored = localStorage.getItem('theme')
  } catch {
    // Storage may be forbidden; then the system decides.
  }
  var dark = stored ? stored === 'dark' : !matchMedia('(prefers-color-scheme: light)').matches
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
})()
