/** Every script of a cell, by name. */
import type { Redis } from '@holdfast/redis';
import { appendScript } from './job/append.ts';
import { removeArchivedScript } from './job/archiving.ts';
import { cancelScript } from './job/cancel.ts';
import { claimScript } from './job/claim.ts';
import { deleteScript } from './job/delete.ts';
import { finishScript } from './job/finish.ts';
import { leadScript } from './job/lead.ts';
import { claimLeftoversScript } from './job/leftover.ts';
import { claimPackingScript, packJobScript, unpackJobScript } from './job/pack.ts';
import { readScript } from './job/read.ts';
import { retryScript } from './job/retry.ts';
import { stageEventsScript, stageValueScript } from './job/stage.ts';
import { submitScript } from './job/submit.ts';
import { acquireCallScript, correctCallScript, slowDownScript } from './queue/calls.ts';
import { depthScript } from './queue/depth.ts';
import { dispatchScript } from './queue/dispatch.ts';
import { capacityScript, runLimitsScript } from './queue/limits.ts';
import { handOverAgainScript, permitsToCheckScript } from './queue/permits.ts';
import { countsScript, jobsOfLaneScript, listScript, removeExpiredScript, repairScript } from './queue/repair.ts';
import { doOthersWaitScript } from './queue/waiting.ts';
import { readRequestsScript } from './tenant/read-requests.ts';
import { reserveScript } from './tenant/reserve.ts';

export const scripts = {
  submit: submitScript,
  dispatch: dispatchScript,
  claim: claimScript,
  append: appendScript,
  finish: finishScript,
  cancel: cancelScript,
  retry: retryScript,
  delete: deleteScript,
  reserve: reserveScript,
  removeArchived: removeArchivedScript,
  lead: leadScript,
  acquireCall: acquireCallScript,
  correctCall: correctCallScript,
  slowDown: slowDownScript,
  capacity: capacityScript,
  runLimits: runLimitsScript,
  permitsToCheck: permitsToCheckScript,
  handOverAgain: handOverAgainScript,
  doOthersWait: doOthersWaitScript,
  depth: depthScript,
  counts: countsScript,
  repair: repairScript,
  list: listScript,
  jobsOfLane: jobsOfLaneScript,
  removeExpired: removeExpiredScript,
  claimLeftovers: claimLeftoversScript,
  claimPacking: claimPackingScript,
  packJob: packJobScript,
  unpackJob: unpackJobScript,
  read: readScript,
  stageValue: stageValueScript,
  stageEvents: stageEventsScript,
  readRequests: readRequestsScript,
};

/** Loads all scripts into the server. Call it at start: a script the server doesn't know is executed after later commands. */
export async function loadScripts(redis: Redis): Promise<void> {
  await Promise.all(Object.values(scripts).map((script) => script.load(redis)));
}
