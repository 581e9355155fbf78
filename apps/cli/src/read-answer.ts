/** Asks on stderr, and reads a line from stdin, be it a terminal or not. */
import { createInterface } from 'node:readline';

/** Returns the line; empty where stdin ends without one. */
export async function readAnswer(question: string): Promise<string> {
  process.stderr.write(question);
  for await (const line of createInterface({ input: process.stdin })) return line;
  process.stderr.write('\n');
  return '';
}
