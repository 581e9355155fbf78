/** Shapes that several resources share. */
import { z } from 'zod';

export const time = z.iso.datetime();
export const usd = z.number().meta({ description: 'US dollars.' });

/** A page of a list, newest first. */
export function pageOf<Item extends z.ZodType>(item: Item, id: string) {
  return z
    .object({
      object: z.literal('list'),
      data: z.array(item),
      next_cursor: z
        .string()
        .nullable()
        .meta({ description: 'Send as `cursor` for the next page. Opaque. null: the last page.' }),
    })
    .meta({ id });
}

/** A list that always comes whole. */
export function listOf<Item extends z.ZodType>(item: Item, id: string) {
  return z.object({ object: z.literal('list'), data: z.array(item) }).meta({ id });
}

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().min(1).max(512).optional(),
};
