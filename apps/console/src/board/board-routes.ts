/**
 * Bull Board at /queues, one queue per lane. It has no login of its own: whoever mounts this puts one before it.
 *
 * It shows what BullMQ holds of a job: ids, times, counts; jobs that wait in the scheduler are counted, not listed. What may be done
 * on its pages is in `board-actions.ts`, how they show errors in `board-errors.ts`.
 */
import { createBullBoard } from '@bull-board/api';
import { ExpressAdapter } from '@bull-board/express';
import { Router } from '@holdfast/service';
import type { OpenLanes } from '../lanes/lane-status.ts';
import { refuseUntrueActions } from './board-actions.ts';
import { LaneAdapter } from './lane-adapter.ts';

export const BOARD_PATH = '/queues';

/**
 * Bull Board styles its parts inline, and asks Google for fonts, which this refuses: the browser's own look as well, and
 * the console tells no other host who uses it.
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

export function boardRoutes(lanes: OpenLanes): Router {
  const adapter = new ExpressAdapter();
  adapter.setBasePath(BOARD_PATH);
  createBullBoard({
    queues: lanes.cells.flatMap((cell) => lanes.names.map((lane) => new LaneAdapter(lanes, cell, lane))),
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: 'Holdfast queues',
        boardLogo: { path: '/console.svg', width: 22, height: 22 },
        favIcon: { default: '/console.svg', alternative: '/console.svg' },
        miscLinks: [{ text: 'Overview', url: '/' }],
        hideDocsLink: true,
      },
    },
  });
  // Bull Board would answer with the message of whatever was thrown, and log nothing: the server base does both properly.
  adapter.setErrorHandler((error) => {
    throw error;
  });

  const router = Router();
  router.use(BOARD_PATH, refuseUntrueActions, (_request, response, next) => {
    response.setHeader('content-security-policy', contentSecurityPolicy);
    next();
  });
  router.use(BOARD_PATH, adapter.getRouter().disable('x-powered-by'));
  return router;
}
