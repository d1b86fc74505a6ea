import { defineConfig } from 'vitest/config'

// People's doings, in a real browser against a real server. One after the other, as people do.
export default defineConfig({
  test: { include: ['e2e/**/*.e2e.ts'], environment: 'node', fileParallelism: false, testTimeout: 40_000, hookTimeout: 60_000 },
})
