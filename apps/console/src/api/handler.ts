/** A handler does what one operation of the admin API says. It gets the call validated, and returns what is sent. */
import type { OperationName, Operations, PathParameters, ResponseOf } from '@holdfast/admin';
import type { Request, Response } from '@holdfast/service/http';
import type { z } from 'zod';
import type { Actor } from '../access/actor.ts';
import type { EntryEnd } from '../audit/audit-log.ts';

type Validated<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

export interface Call<Name extends OperationName> {
  params: Record<PathParameters<Operations[Name]['path']>, string>;
  query: Operations[Name] extends { query: infer Query } ? Validated<Query> : undefined;
  body: Operations[Name] extends { body: infer Body } ? Validated<Body> : undefined;
  /** Who calls. Of an operation that anybody may call: nobody. */
  actor: Actor;
  /** Adds to the audit entry what is known only now. */
  note: (end: EntryEnd) => void;
  request: Request;
  /** For headers, and for the handler of a stream, which answers itself. */
  response: Response;
}

export type Handler<Name extends OperationName> = (call: Call<Name>) => Promise<ResponseOf<Name>>;

/** The type checker holds it complete. */
export type Handlers<Names extends OperationName = OperationName> = { [Name in Names]: Handler<Name> };
