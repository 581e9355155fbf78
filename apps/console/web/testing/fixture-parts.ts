/** What all fixtures are made with. */
import type { Role } from '@holdfast/admin';

export interface FixtureRequest {
  params: Record<string, string>;
  query: Record<string, string>;
  body: unknown;
  role: Role | null;
}

/** Becomes a 404. */
export class NotThere extends Error {}

export const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();

export const list = <Item>(data: readonly Item[]) => ({ object: 'list' as const, data });

export const orThrow = <Item>(item: Item | undefined, what: string): Item => {
  if (item === undefined) throw new NotThere(`There is no such ${what}.`);
  return item;
};
