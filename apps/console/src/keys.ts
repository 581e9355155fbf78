/**
 * Names of the console's own Redis keys. Sessions and addresses appear as digests.
 *
 *   name                                        type    holds                          time to live
 *   <prefix>:console:session:<digest>           string  `open`                         12 h
 *   <prefix>:console:login:<minute>:<digest>    string  attempts of one address        2 min
 */
export function sessionKey(prefix: string, digest: string): string {
  return `${prefix}:console:session:${digest}`;
}

export function loginAttemptsKey(prefix: string, minute: number, addressDigest: string): string {
  return `${prefix}:console:login:${minute}:${addressDigest}`;
}
