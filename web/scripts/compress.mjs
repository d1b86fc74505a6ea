import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const worthwhile = /\.(js|css|svg|html|json)$/

/**
 * Writes a brotli and a gzip beside each text, so that the server never compresses.
 * @param {string} folder
 * @returns {import('vite').Plugin}
 */
export function compress(folder) {
  return {
    name: 'compress',
    apply: 'build',
    closeBundle() {
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        const path = join(folder, name)
        if (!worthwhile.test(name) || !statSync(path).isFile()) continue
        const text = readFileSync(path)
        if (text.length < 1024) continue
        writeFileSync(path + '.gz', gzipSync(text, { level: 9 }))
        writeFileSync(path + '.br', brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
      }
    },
  }
}
