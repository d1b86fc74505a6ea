import hooks from 'eslint-plugin-react-hooks'
import ts from 'typescript-eslint'

export default ts.config(
  { ignores: ['node_modules', 'src/api/schema.d.ts'] },
  ...ts.configs.strict,
  hooks.configs.flat['recommended-latest'],
  {
    files: ['**/*.{ts,tsx}'],
    rules: {
      'react-hooks/incompatible-library': 'off', // it is about React's compiler, which is not used
      '@typescript-eslint/no-non-null-assertion': 'off', // tsc looks at indexed access already
      'no-restricted-globals': ['error', { name: 'fetch', message: 'ask through src/api/client.ts' }],
    },
  },
  { files: ['src/api/client.ts', 'src/ui/json/worker.ts', 'e2e/**', 'scripts/**'], rules: { 'no-restricted-globals': 'off' } },
)
