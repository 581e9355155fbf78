/**
 * Bull Board at /queues, with one queue for each lane. It has no login: the app must put one before it.
 *
 * It shows what BullMQ has of a job: ids, times, counts. Jobs that wait in the scheduler are counted, not listed. `board-actions.ts`
 * has the allowed actions, `board-errors.ts` shows errors on its pages.
 */
import { createBullBoard } from '@bull-board/api';
import { ExpressAdapter } from '@bull-board/express';
import { Router } from '@holdfast/service/http';
import type { AuditLog } from '../audit/audit-log.ts';
import type { OpenLanes } from '../lanes/lane-status.ts';
import { auditActions } from './board-access.ts';
import { refuseUnsupportedActions } from './board-actions.ts';
import { BOARD_PATH } from './board-path.ts';
import { LaneAdapter } from './lane-adapter.ts';

/**
 * Bull Board needs inline styles. It also loads fonts from Google, which this policy blocks: the browser's own fonts will do,
 * and no other host learns who uses the console.
 */
const contentSecurityPolicy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

interface BoardNeeds {
  lanes: OpenLanes;
  audit: AuditLog;
}

export function boardRoutes({ lanes, audit }: BoardNeeds): Router {
  const adapter = new ExpressAdapter();
  adapter.setBasePath(BOARD_PATH);
  createBullBoard({
    queues: lanes.cells.flatMap((cell) => lanes.names.map((lane) => new LaneAdapter(lanes, cell, lane))),
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: 'Holdfast queues',
        boardLogo: { path: '/icon.svg', width: 22, height: 22 },
        favIcon: { default: '/icon.svg', alternative: '/icon.svg' },
        miscLinks: [{ text: 'Overview', url: '/' }],
        hideDocsLink: true,
      },
    },
  });
  // Bull Board would answer with the raw error message, and log nothing. The server base hides the message, and logs the error.
  adapter.setErrorHandler((error) => {
    throw error;
  });

  const router = Router();
  router.use(BOARD_PATH, refuseUnsupportedActions, auditActions(audit), (_request, response, next) => {
    response.setHeader('content-security-policy', contentSecurityPolicy);
    next();
  });
  router.use(BOARD_PATH, adapter.getRouter().disable('x-powered-by'));
  return router;
}
