/** Every script of a cell, by name: for loading them, and for tests that go through all. */
import type { Redis } from '@holdfast/redis';
import { appendScript } from './append.ts';
import { acquireCallScript, correctCallScript, slowDownScript } from './calls.ts';
import { cancelScript } from './cancel.ts';
import { claimScript } from './claim.ts';
import { deleteScript } from './delete.ts';
import { dispatchScript } from './dispatch.ts';
import { finishScript } from './finish.ts';
import { leadScript } from './lead.ts';
import { claimLeftoversScript } from './leftover.ts';
import { capacityScript, runLimitsScript } from './limits.ts';
import { claimPackingScript, packJobScript, unpackJobScript } from './pack.ts';
import { handOverAgainScript, permitsToCheckScript } from './permits.ts';
import { readScript } from './read.ts';
import { readRequestsScript } from './read-requests.ts';
import { countsScript, forgetExpiredScript, jobsOfLaneScript, repairScript } from './repair.ts';
import { reserveScript } from './reserve.ts';
import { retryScript } from './retry.ts';
import { stageEventsScript, stageValueScript } from './stage.ts';
import { submitScript } from './submit.ts';
import { doOthersWaitScript } from './waiting.ts';

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
  lead: leadScript,
  acquireCall: acquireCallScript,
  correctCall: correctCallScript,
  slowDown: slowDownScript,
  capacity: capacityScript,
  runLimits: runLimitsScript,
  permitsToCheck: permitsToCheckScript,
  handOverAgain: handOverAgainScript,
  doOthersWait: doOthersWaitScript,
  counts: countsScript,
  repair: repairScript,
  jobsOfLane: jobsOfLaneScript,
  forgetExpired: forgetExpiredScript,
  claimLeftovers: claimLeftoversScript,
  claimPacking: claimPackingScript,
  packJob: packJobScript,
  unpackJob: unpackJobScript,
  read: readScript,
  stageValue: stageValueScript,
  stageEvents: stageEventsScript,
  readRequests: readRequestsScript,
};

/** Makes the server know all scripts. Call it at start: a script that is sent whole comes after what was sent beside it. */
export async function loadScripts(redis: Redis): Promise<void> {
  await Promise.all(Object.values(scripts).map((script) => script.load(redis)));
}
