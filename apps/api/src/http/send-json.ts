/** Answers with JSON that no cache may keep. */
import { type Response, sendBody } from '@holdfast/service/http';

export const JSON_TYPE = 'application/json; charset=utf-8';

/** @param headers with names in lower case */
export function sendJson(
  response: Response,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  sendBody(response, status, JSON.stringify(body), {
    'content-type': JSON_TYPE,
    'cache-control': 'no-store',
    ...headers,
  });
}
