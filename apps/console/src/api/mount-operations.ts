/**
 * Serves every operation of the table in `packages/admin`:
 *
 *   1. authenticate  who calls; operations for anybody skip it
 *   2. role          what they may do. Before anything of the request is read
 *   3. validate      query and body, by the table's schemas
 *   4. audit         an act is written down before it is done, and refused where that fails
 *   5. handle        what the operation does
 *   6. answer        after the outcome is in the audit log
 */
import { ADMIN_PATH, type Operation, type OperationName, operations } from '@holdfast/admin';
import { RequestError } from '@holdfast/core';
import { type RequestHandler, type Response, Router } from '@holdfast/service/http';
import { type Actor, actorOf, rememberActor } from '../access/actor.ts';
import { type Authentication, authenticate } from '../access/authenticate.ts';
import { addressOf } from '../access/client-address.ts';
import { requireOwnTenant, requireRole } from '../access/require-role.ts';
import { allowOnly } from '../allow-only.ts';
import { actOf } from '../audit/acts.ts';
import type { AuditLog, EntryEnd } from '../audit/audit-log.ts';
import type { Call, Handlers } from './handler.ts';
import { adminApiDocument } from './openapi.ts';
import { readBody, readQuery } from './read-call.ts';

export interface MountNeeds {
  authentication: Authentication;
  audit: Pick<AuditLog, 'begin' | 'end'>;
  /** Of the body of an operation, where it isn't 64 KB. */
  maxBodyBytes: Partial<Record<OperationName, number>>;
}

type Named = [OperationName, Operation];
/** What any handler looks like to code that knows no operation by name. */
type AnyHandler = (call: Call<OperationName>) => Promise<unknown>;

const nobody: Actor = { user: '', role: null, session: null, tenantKey: null };

export function mountOperations(handlers: Handlers, needs: MountNeeds): Router {
  const router = Router();
  const all = Object.entries(operations) as Named[];
  const isPublic = ([, { role }]: Named) => role === null;
  router.use((_request, response, next) => {
    response.setHeader('cache-control', 'no-store');
    next();
  });
  const document = adminApiDocument();
  router
    .route('/openapi.json')
    .get((_request, response) => void response.json(document))
    .all(allowOnly('GET'));
  serve(router, all.filter(isPublic), handlers, needs);
  router.use(async (request, response, next) => {
    rememberActor(response, await authenticate(needs.authentication, request));
    next();
  });
  serve(
    router,
    all.filter((named) => !isPublic(named)),
    handlers,
    needs,
  );
  router.use((_request, response, next) => {
    const { tenantKey } = actorOf(response);
    // A tenant's own key learns nothing about what else there is.
    if (tenantKey) requireOwnTenant(tenantKey.tenant, false, undefined);
    next();
  });
  const mounted = Router();
  mounted.use(ADMIN_PATH, router);
  return mounted;
}

function serve(router: Router, some: readonly Named[], handlers: Handlers, needs: MountNeeds): void {
  const byPath = Map.groupBy(some, ([, { path }]) => path);
  // `/jobs/bulk` before `/jobs/{id}`.
  const paths = [...byPath].sort(([a], [b]) => Number(a.includes('{')) - Number(b.includes('{')));
  for (const [path, named] of paths) {
    const route = router.route(path.replace(/\{(\w+)\}/g, ':$1'));
    for (const [name, operation] of named) {
      const verb = operation.method.toLowerCase() as Lowercase<Operation['method']>;
      route[verb](handle(name, operation, handlers[name] as unknown as AnyHandler, needs));
    }
    route.all(refuseMethod(named));
  }
}

function refuseMethod(named: readonly Named[]): RequestHandler {
  const refuse = allowOnly(...named.map(([, { method }]) => method));
  return (request, response, next) => {
    const { tenantKey } = (response.locals.actor ?? nobody) as Actor;
    const isOpen = named.some(([, operation]) => operation.tenantKey);
    if (tenantKey) requireOwnTenant(tenantKey.tenant, isOpen, String(request.params.tenant));
    return refuse(request, response, next);
  };
}

function handle(name: OperationName, operation: Operation, handler: AnyHandler, needs: MountNeeds): RequestHandler {
  return async (request, response) => {
    const actor = (response.locals.actor ?? nobody) as Actor;
    const params = request.params as Record<string, string>;
    requireRole(actor, operation, params);
    const noted: EntryEnd = {};
    const call = {
      params,
      query: readQuery(operation, request),
      body: await readBody(operation, request, needs.maxBodyBytes[name]),
      actor,
      note: (end: EntryEnd) => void Object.assign(noted, end),
      request,
      response,
    } as unknown as Call<OperationName>;
    const result = await audited(name, needs.audit, call, noted, () => handler(call));
    send(response, operation, result);
  };
}

/** Runs an act between the two halves of its audit entry; anything else at once. */
async function audited(
  name: OperationName,
  audit: MountNeeds['audit'],
  call: Call<OperationName>,
  noted: EntryEnd,
  run: () => Promise<unknown>,
): Promise<unknown> {
  const act = actOf(name);
  if (act === null || act.counts?.(call) === false) return run();
  const { user, role } = call.actor;
  const entry = await audit.begin({
    user,
    role,
    action: act.action,
    target: act.target(call),
    tenant: act.tenant?.(call) ?? null,
    details: act.details?.(call) ?? {},
    address: addressOf(call.request),
  });
  try {
    const result = await run();
    await audit.end(entry, 'done', noted);
    return result;
  } catch (error) {
    await audit.end(entry, error instanceof RequestError ? error.code : 'internal_error', noted);
    throw error;
  }
}

function send(
  response: Response,
  { response: shape, status = shape === null ? 204 : 200 }: Operation,
  body: unknown,
): void {
  if (shape === 'stream') return;
  if (shape === null) response.status(status).end();
  else response.status(status).json(body);
}
