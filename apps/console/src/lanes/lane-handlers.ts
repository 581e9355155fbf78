/** Lanes through the admin API: an operator pauses and resumes them, an admin limits them at run time. */
import { RequestError } from '@holdfast/core';
import type { ServiceLogger } from '@holdfast/service';
import { requireAtLeast } from '../access/require-role.ts';
import type { Handlers } from '../api/handler.ts';
import type { OpenLanes } from './lane-status.ts';

export interface LaneHandlersNeeds {
  lanes: OpenLanes;
  logger: ServiceLogger;
}

export function laneHandlers({ lanes, logger }: LaneHandlersNeeds): Handlers<'lanes' | 'changeLane'> {
  return {
    lanes: async () => ({ object: 'list', data: await lanes.statuses() }),
    changeLane: async ({ params, body: { paused, limits }, actor }) => {
      if (limits !== undefined) requireAtLeast(actor, 'admin', 'Setting limits');
      const lane = await lanes.change(params.lane, { paused, limits });
      if (lane === null) {
        throw new RequestError('not_found', `There is no lane "${params.lane}". Lanes: ${lanes.names.join(', ')}.`);
      }
      logger.info({ lane: lane.name, paused: lane.paused, limits: lane.limits }, 'lane set');
      return lane;
    },
  };
}
