/**
 * Where a server for admins may listen: on this machine, or with TLS. Elsewhere keys and prompts would cross the network in plain
 * text, unless a proxy that ends TLS is before it, which only the operator knows.
 */
import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import type { TlsFiles } from '../http/server.ts';
import { SettingsError } from './settings.ts';

interface Binding {
  host: string;
  /** Files with PEM texts. */
  certFile: string | undefined;
  keyFile: string | undefined;
  /** The operator says that plain HTTP is safe here. */
  insecureHttp: boolean;
}

/** Names of the settings, for messages. */
interface BindingNames {
  server: string;
  cert: string;
  key: string;
  insecureHttp: string;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** @returns the certificate; null: plain HTTP. @throws SettingsError with both ways to mend it */
export function readBinding(binding: Binding, names: BindingNames): TlsFiles | null {
  const { host, certFile, keyFile, insecureHttp } = binding;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new SettingsError(`${names.cert} and ${names.key} belong together: set both, to files in PEM format.`);
  }
  if (certFile !== undefined && keyFile !== undefined) {
    return { cert: readPem(names.cert, certFile), key: readPem(names.key, keyFile) };
  }
  if (isLoopback(host) || insecureHttp) return null;
  throw new SettingsError(
    `${names.server} does not listen on ${host} (HOST) without TLS: keys and prompts would cross the network in plain text.\n` +
      `  Either set ${names.cert} and ${names.key} to the files of a certificate and its key,\n` +
      `  or ${names.insecureHttp}=true where a proxy that ends TLS is before it, and nobody else reaches it.`,
  );
}

function readPem(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SettingsError(`${name}: ${file} can't be read (${code ?? 'unknown reason'}).`);
  }
}
