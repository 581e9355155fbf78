/**
 * Calls the provider and PUBLISHes each token as it comes, then `end`. That is the minimum that brings a stream from one process
 * to another through Redis. `token-delay.ts` starts it as a process; it ends when its parent disconnects.
 */
import { disconnectRedis } from '@holdfast/redis';
import { openRedis } from './open-redis.ts';
import { openProvider, readStraight } from './token-delay/read-straight.ts';

export interface RelayCommand {
  channel: string;
  sim: string;
}

const [simulatorUrl = '', redisUrl = ''] = process.argv.slice(2);
const provider = openProvider(simulatorUrl);
const redis = await openRedis(redisUrl, 'producer');

process.on('message', async ({ channel, sim }: RelayCommand) => {
  const published: Promise<number>[] = [];
  await readStraight(provider, sim, (text) => published.push(redis.publish(channel, text)));
  await Promise.all(published);
  await redis.publish(channel, 'end');
});
process.once('disconnect', () => void disconnectRedis(redis));
process.send?.('ready');
