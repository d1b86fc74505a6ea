import { readdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// Empties the folder that is embedded, but for the file that Git knows.
const dist = fileURLToPath(new URL('../../internal/webui/dist/', import.meta.url))
for (const name of readdirSync(dist)) {
  if (name !== '.keep') rmSync(dist + name, { recursive: true })
}
