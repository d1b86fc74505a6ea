import { fileURLToPath } from 'node:url'
import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { compress } from './scripts/compress.mjs'

const outDir = fileURLToPath(new URL('../internal/webui/dist', import.meta.url))
const server = process.env.NIGHTSHIFT_URL ?? 'http://127.0.0.1:9100'

export default defineConfig({
  base: '/ui/',
  plugins: [react(), tailwind(), compress(outDir)],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  // The script that cleans keeps the file that Git knows, so Vite must not clean.
  build: {
    outDir,
    emptyOutDir: false,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What many views need is one file: over a slow connection each file more costs more than what is in it.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'common', test: /src[\\/](api|ui)[\\/]|lucide-react/, minShareCount: 6 }] } } },
  },
  // "npm run dev" is a page that changes as one types, with the API of a server that runs.
  server: { proxy: { '/api': server, '/auth': server, '/stream': server } },
  test: { environment: 'jsdom', include: ['src/**/*.test.{ts,tsx}'] },
})
