/** How this installation is set up and how Redis does, through the admin API. */
import { VERSION } from '@holdfast/core';
import { ArchiveOutbox } from '@holdfast/journal';
import { type Redis, readRedisFacts, redisTime, type ServerWatch } from '@holdfast/redis';
import type { Handlers } from '../api/handler.ts';
import { BOARD_PATH } from '../board/board-path.ts';
import type { ConsoleCells } from '../cells.ts';
import type { ConsoleConfig } from '../config.ts';
import { showConfig } from './show-config.ts';

interface SettingsHandlersNeeds {
  redis: Redis;
  config: ConsoleConfig;
  cells: ConsoleCells;
  watch: Pick<ServerWatch, 'fault'>;
}

export function settingsHandlers(needs: SettingsHandlersNeeds): Handlers<'settings'> {
  const { redis, config, watch } = needs;
  const shownConfig = showConfig(config);
  return {
    settings: async () => {
      const [facts, archive] = await Promise.all([
        readRedisFacts(redis, config.prefix, config.durability),
        readArchive(needs),
      ]);
      const { version, usedBytes, maxBytes, policy, appendOnly, fsync, clients, growth } = facts;
      return {
        version: VERSION,
        durability: { mode: config.durability, fault: facts.fault ?? watch.fault?.message ?? null },
        redis: {
          version,
          used_bytes: usedBytes,
          max_bytes: maxBytes,
          policy,
          append_only: appendOnly,
          fsync: fsync ?? 'unknown',
          clients,
          full_at: growth.fullAtMs === null ? null : new Date(growth.fullAtMs).toISOString(),
          growth_bytes_per_day: growth.bytesPerDay,
        },
        archive,
        retention_hours: config.retentionMs / 3_600_000,
        config_digest: config.configDigest,
        config: shownConfig,
        tasks: [...config.tasks.keys()],
        settings: [...config.shownSettings],
        bull_board: BOARD_PATH,
        api_url: config.apiUrl,
      };
    },
  };
}

/** What waits to be archived. Nothing does where no worker has an archive. */
async function readArchive({ redis, config, cells }: SettingsHandlersNeeds) {
  const outboxes = cells.all.map(({ journal }) => new ArchiveOutbox(journal.cell));
  const [nowMs, counts, oldest] = await Promise.all([
    redisTime(redis),
    Promise.all(outboxes.map((outbox) => outbox.count())),
    Promise.all(outboxes.map((outbox) => outbox.oldest(1))),
  ]);
  const times = oldest.flat().map(({ time }) => time);
  const first = times.length > 0 ? Math.min(...times) : null;
  return {
    configured: config.archiveUrl !== null,
    waiting: counts.reduce((sum, count) => sum + count, 0),
    lag_s: first === null ? null : Math.max(0, nowMs - first) / 1_000,
    oldest: first === null ? null : new Date(first).toISOString(),
  };
}
