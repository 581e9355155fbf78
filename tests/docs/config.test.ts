/** docs/reference/config.md has every member of the config file, and no other. */
import { laneLimitsSchema, lanesSchema, limitsSchema, pricesSchema } from '@holdfast/core';
import { configSchema } from '@holdfast/service';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { firstNamesUnder, readReference } from './tables.ts';

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema;
  items?: JsonSchema;
}

const page = readReference('docs/reference/config.md');
const schemaOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
const membersOf = (schema: JsonSchema | undefined) => Object.keys(schema?.properties ?? {}).sort();

const lane = schemaOf(lanesSchema).additionalProperties;
const price = schemaOf(pricesSchema).additionalProperties;
const written = (heading: string) => firstNamesUnder(page, heading).sort();

describe('docs/reference/config.md', () => {
  it('has every member of the file, and of a task', () => {
    const file = schemaOf(configSchema);
    expect(membersOf(file)).toContain('lanes');
    expect(written('Members of the file')).toEqual(membersOf(file));
    expect(written('Tasks')).toEqual(membersOf(file.properties?.tasks?.additionalProperties));
    expect(written('Alerts')).toEqual(membersOf(file.properties?.alerts));
    expect(written('Rules of alerts')).toEqual(membersOf(file.properties?.alerts?.properties?.rules));
  });

  it('has every member of a lane and of its providers', () => {
    expect(membersOf(lane)).toContain('max_calls');
    expect(written('Lanes')).toEqual(membersOf(lane));
    expect(written('Providers')).toEqual(membersOf(lane?.properties?.providers?.items));
  });

  it('has every limit of a lane, and of a plan', () => {
    expect(written('Limits of a lane')).toEqual(Object.keys(laneLimitsSchema.shape).sort());
    expect(written('Plans')).toEqual(Object.keys(limitsSchema.shape).sort());
  });

  it('has every member of a price', () => {
    expect(membersOf(price).length).toBe(2);
    expect(written('Prices')).toEqual(membersOf(price));
  });

  it('shows a refusal that names the members of a lane as the reader does', () => {
    const [, names = ''] = /expected one of ([\w, ]+)/.exec(page) ?? [];
    expect(names.split(', ').sort()).toEqual(membersOf(lane));
  });
});
