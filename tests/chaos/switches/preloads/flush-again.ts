/** Loaded before the API: a flush of the history counts each time that it is sent. */
import { changeSource } from '../change-source.ts';

changeSource(
  'packages/history/src/scripts.ts',
  "if tonumber(redis.call('GET', flushed) or 0) >= number then return 0 end\n",
  '',
);
