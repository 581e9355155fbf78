/**
 * A master and one replica behind one address. As a `RestartableRedis`, its `kill` and `start` are a failover.
 *
 *   kill   the master is killed; what is on its way to the replica is lost
 *   start  1. the replica becomes the master, and the address leads to it
 *          2. a fresh replica is attached to it: without one, WAIT never succeeds again
 *
 * The replica lags: each packet from the master takes 20 to 200 ms. Nothing has to elect the new master: there is one
 * replica, and the fault knows that the master is dead.
 */
import { type OwnRedis, promote, replicate, startOwnRedis } from '../../../packages/redis/testing/redis.ts';
import type { RestartableRedis } from '../../stack/restartable-redis.ts';
import type { Dice } from '../run/dice.ts';
import { RedisProxy } from './redis-proxy.ts';

const LAG_MS = [20, 200] as const;

interface Replica {
  redis: OwnRedis;
  /** Its connection to its master. */
  proxy: RedisProxy;
}

async function attachReplica(master: OwnRedis, dice: Dice): Promise<Replica> {
  const proxy = await RedisProxy.open(master.url);
  proxy.lagMs = () => dice.between(...LAG_MS);
  const redis = await startOwnRedis();
  await replicate({ ...master, url: proxy.url }, redis);
  return { redis, proxy };
}

export async function startReplicatedRedis(dice: Dice): Promise<RestartableRedis> {
  let master = await startOwnRedis();
  let replica = await attachReplica(master, dice);
  const address = await RedisProxy.open(master.url);
  return {
    url: address.url,
    signal: (signal) => (signal === 'SIGSTOP' ? master.freeze() : master.proceed()),
    async kill() {
      process.kill(master.pid, 'SIGKILL');
      await master.exited;
      await master.remove();
    },
    async exited() {
      await master.exited;
    },
    async start() {
      await replica.proxy.close();
      await promote(replica.redis);
      master = replica.redis;
      address.redirectTo(master.url);
      replica = await attachReplica(master, dice);
    },
    async close() {
      await Promise.all([address.close(), replica.proxy.close()]);
      await Promise.all([replica.redis.remove(), master.remove()]);
    },
  };
}
