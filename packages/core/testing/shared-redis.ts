/** The URL of the Redis that `npm test` has started for all tests. Each test keeps to a prefix of its own. */
export function sharedRedisUrl(): string {
  const url = process.env.HOLDFAST_TEST_REDIS_URL;
  if (!url) throw new Error('HOLDFAST_TEST_REDIS_URL is not set: run the tests with `npm test`, which starts a Redis');
  return url;
}
