/** Lanes: `GET /lanes` with counts and limits, `PATCH /lanes/{lane}` to pause, resume and limit them at run time. */
import { laneLimitsSchema, RequestError } from '@holdfast/core';
import { Router, readBodyAs, type ServiceLogger } from '@holdfast/service';
import { z } from 'zod';
import { allowOnly } from '../allow-only.ts';
import type { OpenLanes } from './lane-status.ts';

const lanePatchSchema = z
  .strictObject({
    paused: z
      .boolean()
      .optional()
      .meta({ description: 'While the lane is paused, its jobs wait. Running jobs go on.' }),
    limits: laneLimitsSchema.nullable().optional().meta({
      description: 'All limits of the lane. They replace those of the config file until they are set to null.',
    }),
  })
  .refine(({ paused, limits }) => paused !== undefined || limits !== undefined, {
    path: ['paused'],
    message: 'send "paused" or "limits"',
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
      const { paused, limits } = await readBodyAs(request, lanePatchSchema);
      const lane = await lanes.change(request.params.lane, { paused, limits });
      if (lane === null)
        throw new RequestError(
          'not_found',
          `There is no lane "${request.params.lane}". Lanes: ${lanes.names.join(', ')}.`,
        );
      logger.info({ lane: lane.name, paused: lane.paused, limits: lane.limits }, 'lane set');
      response.json(lane);
    })
    .all(allowOnly('PATCH'));

  return router;
}
