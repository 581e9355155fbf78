/** Lanes: `GET /lanes` with counts, `PATCH /lanes/{lane}` to pause and resume. */
import { RequestError } from '@holdfast/core';
import { Router, readBodyAs, type ServiceLogger } from '@holdfast/service';
import { z } from 'zod';
import { allowOnly } from './allow-only.ts';
import type { OpenLanes } from './lane-status.ts';

const lanePatchSchema = z.strictObject({
  // First, so that who sends limits alone reads this and not that `paused` is missing.
  limits: z.never('limits of a lane cannot be changed here yet: only "paused" can').optional(),
  paused: z.boolean().meta({ description: 'Paused: its jobs wait, those that run go on.' }),
});

export interface LaneRoutesOptions {
  lanes: OpenLanes;
  logger: ServiceLogger;
}

export function laneRoutes({ lanes, logger }: LaneRoutesOptions): Router {
  const router = Router();

  router
    .route('/lanes')
    .get(async (_request, response) => {
      response.json({ object: 'list', data: await lanes.statuses() });
    })
    .all(allowOnly('GET'));

  router
    .route('/lanes/:lane')
    .patch(async (request, response) => {
      const { paused } = await readBodyAs(request, lanePatchSchema);
      const lane = await lanes.setPaused(request.params.lane, paused);
      if (lane === null) throw new RequestError('not_found', 'There is no such lane.');
      logger.info({ lane: lane.name, paused }, 'lane set');
      response.json(lane);
    })
    .all(allowOnly('PATCH'));

  return router;
}
