/**
 * The address that a request comes from: that of its connection, or what X-Forwarded-For says where TRUST_PROXY names the proxies
 * before the console. Without that setting the header does not count: anybody may send it.
 */
import type { Request } from '@holdfast/service/http';

export function addressOf(request: Request): string {
  return request.ip ?? '';
}
