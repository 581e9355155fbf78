/**
 * Calls the provider and PUBLISHes each token as it comes, then `end`: the least that brings a stream from one process to
 * another through Redis. A process of its own, which `token-delay.ts` starts; it ends when its parent lets go of it.
 */
import { disconnectRedis } from '@holdfast/redis';
import { openRedis } from './open-redis.ts';
import { openProvider, readStraight } from './token-delay/read-straight.ts';

export interface RelayOrder {
  channel: string;
  sim: string;
}

const [simulatorUrl = '', redisUrl = ''] = process.argv.slice(2);
const provider = openProvider(simulatorUrl);
const redis = await openRedis(redisUrl, 'producer');

process.on('message', async ({ channel, sim }: RelayOrder) => {
  const published: Promise<number>[] = [];
  await readStraight(provider, sim, (text) => published.push(redis.publish(channel, text)));
  await Promise.all(published);
  await redis.publish(channel, 'end');
});
process.once('disconnect', () => void disconnectRedis(redis));
process.send?.('ready');
