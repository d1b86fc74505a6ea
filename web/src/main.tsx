import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Fault, unreachable } from './api/client'
import { makeRouter } from './router'
import './styles.css'

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // Only what may be better next time is asked again.
      retry: (count, err) => count < 3 && err instanceof Fault && (err.status === unreachable || err.status >= 500),
    },
  },
})

// Links of StackStorm's web client, which chats and mails are full of.
const [, execution] = /^#\/history\/([0-9a-f]{24})/.exec(location.hash) ?? []
if (execution) history.replaceState(null, '', '/ui/executions/' + execution)

const router = makeRouter(client)

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)
