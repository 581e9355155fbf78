/**
 * The life of a process:
 *
 *   1. start     reads the settings; wrong ones are shown as one plain message, with exit code 1. Then the app starts. An error that
 *                only an operator can fix (`MisconfigurationError`) is one log line, with exit code 78: a restart doesn't help
 *   2. run       until SIGTERM or SIGINT
 *   3. close     closes what was started, in reverse order, within a time limit; a second Ctrl-C ends the process at once
 *
 * An uncaught exception ends the process: its state can't be trusted, and everything that matters is in Redis.
 */
import { MisconfigurationError } from '@holdfast/core';
import { SettingsError } from './config/settings.ts';
import { createLogger, type ServiceLogger } from './logger.ts';

export interface ServiceContext {
  logger: ServiceLogger;
  /** Registers what has to be closed at the end, in reverse order. Failures are logged and don't stop the rest. */
  onClose(name: string, close: () => Promise<void> | void): void;
}

interface ServiceConfig {
  logLevel: string;
  /** How long closing may take in total, in ms. Default 10 s. */
  closeWithinMs?: number;
  /** Possible mistakes in the settings, logged at the start. */
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
 * Runs a process. Returns once `start` has resolved; the process exits by itself later.
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
    // One Ctrl-C reaches a child twice, from the terminal and from its supervisor. Only a second SIGINT ends it at once.
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
