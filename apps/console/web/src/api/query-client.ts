/** How queries behave. A refusal is final; a failed connection is tried again, since polling pages must survive a restart. */
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError, isStatus } from './problem.ts';

const MAX_TRIES = 2;

function isWorthARetry(failures: number, error: Error): boolean {
  const isPassing = error instanceof ApiError && (error.status === 0 || error.status >= 500);
  return isPassing && failures < MAX_TRIES;
}

/** @param onLoggedOut called where the session has ended while a page was open */
export function createQueryClient(onLoggedOut: () => void): QueryClient {
  const onError = (error: unknown) => {
    if (isStatus(error, 401)) onLoggedOut();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: { queries: { retry: isWorthARetry, staleTime: 2_000 }, mutations: { retry: false } },
  });
}
