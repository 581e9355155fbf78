/** Names this process, in Redis and in the timelines of its jobs. */
import { hostname } from 'node:os';

/** Of a longer name the end is used, which tells the pods of a deployment apart: the id is stored with each job. */
const MAX_HOST = 40;

export const host = hostname().slice(-MAX_HOST);
export const workerId = `${host}-${process.pid}`;
