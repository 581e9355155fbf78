/** The way to the admin API, as the pages use it: queries, actions, the session, and errors. */
export { admin, keepCsrfTokenOf } from './admin.ts';
export { isStatus, messageOf } from './problem.ts';
export { adminQuery, LIVE_MS, liveQuery } from './queries.ts';
export { sessionQuery, useMay, useSession } from './session.ts';
export { useAction } from './use-action.ts';
