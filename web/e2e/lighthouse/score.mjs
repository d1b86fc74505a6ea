import lighthouse, { desktopConfig } from 'lighthouse'

/**
 * What Lighthouse thinks of a page that the browser at a port of this machine opens, from 0 to 100,
 * and what keeps it from 100.
 * @param {string} url
 * @param {number} port
 * @param {'desktop' | 'mobile'} device
 */
export async function score(url, port, device) {
  const options = { port, logLevel: /** @type {const} */ ('error'), onlyCategories: ['performance', 'accessibility', 'best-practices'] }
  const look = async () => (await lighthouse(url, options, device === 'desktop' ? desktopConfig : undefined))?.lhr
  let report = await look()
  // Now and then a trace of the browser has no beginning, and says nothing about the page.
  if (report?.runtimeError?.code === 'NO_NAVSTART') report = await look()
  if (!report) throw new Error('Lighthouse has nothing to say about ' + url)
  const { categories, audits, runtimeError, finalDisplayedUrl } = report
  if (runtimeError) throw new Error(`${url}: ${runtimeError.message}`)
  const of = (/** @type {string} */ name) => Math.round((categories[name]?.score ?? 0) * 100)
  const faults = Object.values(categories).flatMap((c) =>
    c.auditRefs.flatMap(({ id, weight }) => {
      const a = audits[id]
      return a && weight > 0 && a.score !== null && a.score < 0.9 ? [`${c.id}: ${a.title} (${a.displayValue ?? a.score})`] : []
    }),
  )
  return { at: finalDisplayedUrl, performance: of('performance'), accessibility: of('accessibility'), bestPractices: of('best-practices'), faults }
}
