/**
 * Life and death of a process:
 *
 *   1. start     settings that don't fit are shown as one plain message, exit code 1; then what the app does. What only an
 *                operator can put right (`MisconfigurationError`) is one line, exit code 78: to start again is no use
 *   2. run       until SIGTERM or SIGINT
 *   3. close     what was started, last first, within a bound; a second Ctrl-C ends it at once
 *
 * An exception that nobody caught ends the process: its state can't be trusted, and all of it is in Redis.
 */
import { MisconfigurationError } from '@holdfast/core';
import { SettingsError } from './config/settings.ts';
import { createLogger, type ServiceLogger } from './logger.ts';

export interface ServiceContext {
  logger: ServiceLogger;
  /** Registers what is to be closed at the end. Called last first; failures are logged and don't stop the rest. */
  onClose(name: string, close: () => Promise<void> | void): void;
}

interface ServiceConfig {
  logLevel: string;
  /** How long closing may take altogether, in ms. Default 10 s. */
  closeWithinMs?: number;
  /** What may be a mistake in the settings, said once at start. */
  warnings?: readonly string[];
}

/** Exit code of a process that can't work until an operator changes something: EX_CONFIG of sysexits.h. */
export const EXIT_MISCONFIGURED = 78;

type Closer = { name: string; close: () => Promise<void> | void };

async function closeAll(closers: Closer[], logger: ServiceLogger): Promise<void> {
  for (const { name, close } of closers.reverse()) {
    try {
      await close();
    } catch (error) {
      logger.warn({ closing: name, error }, 'did not close cleanly');
    }
  }
}

/**
 * Runs `start` as a process's whole life. Returns once it has started; the process exits by itself later.
 * @param name of the process, in its log
 */
export async function runService<Config extends ServiceConfig>(
  name: string,
  readConfig: () => Config,
  start: (config: Config, context: ServiceContext) => Promise<void>,
): Promise<void> {
  const config = readOrExit(readConfig);
  const { closeWithinMs = 10_000, warnings = [] } = config;
  const logger = createLogger(name, config.logLevel);
  for (const warning of warnings) logger.warn(warning);
  const closers: Closer[] = [];
  let closing = false;
  let interrupted = false;

  const stop = (reason: string, exitCode: number) => {
    // One Ctrl-C reaches a child twice, from the terminal and from its supervisor: only another Ctrl-C means hurry.
    if (closing) return reason === 'SIGINT' && interrupted ? process.exit(130) : undefined;
    closing = true;
    interrupted = reason === 'SIGINT';
    logger.info({ reason }, 'stopping');
    const bound = setTimeout(() => {
      logger.warn({ closeWithinMs }, 'closing took too long');
      process.exit(exitCode || 1);
    }, closeWithinMs);
    void closeAll(closers, logger).then(() => {
      clearTimeout(bound);
      process.exit(exitCode);
    });
  };
  process.on('SIGTERM', () => stop('SIGTERM', 0));
  process.on('SIGINT', () => stop('SIGINT', 0));
  for (const kind of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(kind, (error: unknown) => {
      logger.error({ error }, kind);
      stop(kind, 1);
    });
  }

  try {
    await start(config, { logger, onClose: (what, close) => void closers.push({ name: what, close }) });
  } catch (error) {
    const isMisconfigured = error instanceof MisconfigurationError;
    if (isMisconfigured) logger.error({ code: error.code }, error.message);
    else logger.error({ error }, 'could not start');
    stop('could not start', isMisconfigured ? EXIT_MISCONFIGURED : 1);
  }
}

function readOrExit<Config>(readConfig: () => Config): Config {
  try {
    return readConfig();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
