/** Comments for the members of the client's types: what their schemas say to readers of the HTTP reference. */
import * as core from '@holdfast/core';
import { z } from 'zod';
import type { ContractType } from './contract-types.ts';

/** What the schema of a type says of its members, by their names: `Job` is described by `jobSchema`. */
export function memberDocs(type: ContractType): ReadonlyMap<string, string> {
  const name = `${type.charAt(0).toLowerCase()}${type.slice(1)}Schema`;
  const schema: unknown = Object.entries(core).find(([exported]) => exported === name)?.[1];
  if (!(schema instanceof z.ZodObject)) return new Map();
  const docs = Object.entries(schema.shape).map(([member, { description }]): [string, string] => [
    member,
    description ?? '',
  ]);
  return new Map(docs.filter(([, doc]) => doc !== ''));
}

/** The first member of each line that is a member of the type itself, not of one in it. */
const MEMBER = /^ {4}(?! )["']?([\w.]+)["']?\??:/gm;

/** @param text an object type as the compiler prints it */
export function withMemberDocs(text: string, docs: ReadonlyMap<string, string>): string {
  return text.replace(MEMBER, (line, member: string) => {
    const doc = docs.get(member);
    return doc === undefined ? line : `    /** ${doc.trim().replace(/\s*\n\s*/g, ' ')} */\n${line}`;
  });
}
