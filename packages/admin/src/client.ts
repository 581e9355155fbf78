/** Calls the operations of the admin API by their names. How a request is sent is the caller's: a browser has a cookie, the CLI a key. */
import type { z } from 'zod';
import {
  ADMIN_PATH,
  type Operation,
  type OperationName,
  type Operations,
  operations,
  type PathParameters,
} from './operations.ts';

type Input<Schema> = Schema extends z.ZodType ? z.input<Schema> : undefined;
type Optional<Members> = { [Name in keyof Members as undefined extends Members[Name] ? never : Name]: Members[Name] };

/** What a call needs: parameters of the path, query, body. */
export type RequestOf<Name extends OperationName> = Optional<{
  params: [PathParameters<Operations[Name]['path']>] extends [never]
    ? undefined
    : Record<PathParameters<Operations[Name]['path']>, string>;
  body: Operations[Name] extends { body: infer Body } ? Input<Body> : undefined;
}> & { query?: Operations[Name] extends { query: infer Query } ? Partial<Input<Query>> : undefined };

export type ResponseOf<Name extends OperationName> = Operations[Name]['response'] extends z.ZodType
  ? z.output<Operations[Name]['response']>
  : undefined;

export interface AdminRequest {
  method: Operation['method'];
  /** With ADMIN_PATH and the query. */
  path: string;
  body?: unknown;
}

/** Sends a request. Resolves with the body of a success, parsed; throws for everything else. */
export type SendAdminRequest = (request: AdminRequest) => Promise<unknown>;

/** The path of an operation, with its parameters and query. @throws Error for an empty parameter, which would name another path */
export function pathOf(
  name: OperationName,
  params: Record<string, string> = {},
  query: Record<string, unknown> = {},
): string {
  const path = operations[name].path.replace(/\{(\w+)\}/g, (_, parameter: string) => {
    const value = params[parameter] ?? '';
    if (/^\.{0,2}$/.test(value)) throw new Error(`${parameter}: "${value}" is no id.`);
    return encodeURIComponent(value);
  });
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(pairs.map(([key, value]): [string, string] => [key, String(value)])).toString();
  return ADMIN_PATH + path + (text === '' ? '' : `?${text}`);
}

interface CallParts {
  params?: Record<string, string>;
  query?: object;
  body?: unknown;
}

export class AdminClient {
  readonly #send: SendAdminRequest;

  constructor(send: SendAdminRequest) {
    this.#send = send;
  }

  async call<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
    const { params, query, body } = request as unknown as CallParts;
    const path = pathOf(name, params, { ...query });
    return (await this.#send({ method: operations[name].method, path, body })) as ResponseOf<Name>;
  }
}
