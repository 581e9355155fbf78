/** The console's web app: all that it shows comes from the admin API, and nothing is loaded from elsewhere. */
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createQueryClient } from './api/query-client.ts';
import { makeRouter } from './router.tsx';
import './styles/index.css';

const queryClient = createQueryClient(() => {
  const { pathname, href } = router.state.location;
  if (pathname === '/login') return;
  queryClient.clear();
  void router.navigate({ to: '/login', search: { next: href } });
});
const router = makeRouter(queryClient);

const root = document.getElementById('app');
if (root === null) throw new Error('index.html has no element #app.');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
