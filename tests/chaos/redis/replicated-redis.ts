/**
 * A master and one replica behind one address, as a restartable Redis whose `kill` and `start` are a failover.
 *
 *   kill   the master is killed; what is under way to the replica is lost
 *   start  1. the replica becomes master, and the address leads to it
 *          2. a fresh replica is attached to it: without one, WAIT never succeeds again
 *
 * The replica lags: what the master tells it is under way for 20 to 200 ms, another time for every packet. Nothing
 * decides who is to become master: there is one replica, and the fault knows that the master is dead.
 */
import { type OwnRedis, promote, replicate, startOwnRedis } from '../../../packages/redis/testing/redis.ts';
import type { RestartableRedis } from '../../stack/restartable-redis.ts';
import type { Dice } from '../run/dice.ts';
import { RedisProxy } from './redis-proxy.ts';

const LAG_MS = [20, 200] as const;

interface Replica {
  redis: OwnRedis;
  /** What it hears its master on. */
  line: RedisProxy;
}

async function attachReplica(master: OwnRedis, dice: Dice): Promise<Replica> {
  const line = await RedisProxy.open(master.url);
  line.lagMs = () => dice.between(...LAG_MS);
  const redis = await startOwnRedis();
  await replicate({ ...master, url: line.url }, redis);
  return { redis, line };
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
      await replica.line.close();
      await promote(replica.redis);
      master = replica.redis;
      address.leadTo(master.url);
      replica = await attachReplica(master, dice);
    },
    async close() {
      await Promise.all([address.close(), replica.line.close()]);
      await Promise.all([replica.redis.remove(), master.remove()]);
    },
  };
}
