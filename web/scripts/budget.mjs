import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

// Prints what the first page makes a browser load, and fails when it is too much.
const dist = fileURLToPath(new URL('../../internal/webui/dist', import.meta.url))
const limit = 250 * 1024

const page = readFileSync(join(dist, 'index.html'), 'utf8')
let total = 0
for (const [, name] of page.matchAll(/(?:src|href)="\/ui\/([^"]+\.js)"/g)) {
  const size = gzipSync(readFileSync(join(dist, name))).length
  total += size
  console.log(`${(size / 1024).toFixed(1).padStart(7)} kB  ${name}`)
}
console.log(`${(total / 1024).toFixed(1).padStart(7)} kB  initial JavaScript, gzipped; the limit is ${limit / 1024} kB`)
if (total > limit) process.exit(1)
