import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { readJsonAnswer } from './read-json-answer.ts';

const schema = z.object({ company: z.string() });
const good = '{"company":"Acme"}';
const read = (text: string) => readJsonAnswer(schema, text);

describe('an answer in JSON', () => {
  it.each([
    ['alone', good],
    ['with white space and a byte order mark', `\uFEFF\n\n  ${good} \n`],
    ['in a code fence', `\`\`\`json\n${good}\n\`\`\``],
    ['in a fence without a label, with Windows’ line ends', `\`\`\`\r\n${good}\r\n\`\`\`\r\n`],
    ['in a fence of tildes, indented, with words around it', `Here:\n  ~~~\n  ${good}\n  ~~~\nAnything else?`],
    ['in a fence that isn’t closed', `\`\`\`json\n${good}`],
    ['in a fence on one line', `\`\`\`json ${good} \`\`\``],
    ['after thoughts', `<think>\nAcme it is.\n</think>\n\n${good}`],
    ['after thoughts that hold JSON', `<think>{"company":"Other"} perhaps?</think>${good}`],
    ['after thoughts whose beginning the template has eaten', `{"company":"Other"}? No.\n</think>\n${good}`],
    ['after several thoughts, in a fence', `<thinking>a</thinking><think>b</think>\n\`\`\`json\n${good}\n\`\`\``],
    ['before thoughts', `${good}\n<think>That was easy.</think>`],
    ['before thoughts that don’t end', `${good}\n<reasoning>{"company":"Other"}`],
    ['in a sentence', `The answer is ${good}. The set {a, b} is none.`],
    ['over several lines of a sentence', `Sure! {\n  "company": "Acme"\n}\nThat's it.`],
    ['twice, alike', `${good}\n\nAgain: { "company" : "Acme" }`],
    ['beside JSON that does not fit', `The schema is {"type":"object"}, so: ${good}`],
  ])('is read: %s', (_, text) => {
    expect(read(text)).toEqual({ value: { company: 'Acme' } });
  });

  it.each([
    ['brackets', '{"company":"A} and [B"}', 'A} and [B'],
    ['quotes', '{"company":"the \\"} Inc.\\\\"}', 'the "} Inc.\\'],
    ['a tag', '{"company":"</think>"}', '</think>'],
    ['a fence', '{"company":"```\\n{}\\n```"}', '```\n{}\n```'],
  ])('may hold %s in its texts', (_, json, company) => {
    expect(read(json)).toEqual({ value: { company } });
    expect(read(`Here: ${json}`)).toEqual(
      json.includes('</think>') ? { issue: '(the whole): not JSON' } : { value: { company } },
    );
  });

  it('is an array where one is asked for, alone or at the beginning of a line', () => {
    const numbers = z.array(z.number());
    expect(readJsonAnswer(numbers, 'The list:\n [1, 2]\nDone.')).toEqual({ value: [1, 2] });
    expect(readJsonAnswer(numbers, 'As [1] says, nothing.')).toEqual({ issue: '(the whole): not JSON' });
  });

  it.each([
    ['no JSON', 'Acme, I think.', '(the whole): not JSON'],
    ['thoughts alone', `<think>${good}`, '(the whole): not JSON'],
    ['half of it', '{"company":"Ac', '(the whole): not JSON'],
    ['two that differ', `${good} or {"company":"Other"}`, '(the whole): several answers'],
    ['what does not fit', '```json\n{"company":7}\n```', 'company: Invalid input: expected string, received number'],
  ])('is not guessed: %s', (_, text, issue) => {
    expect(read(text)).toEqual({ issue });
  });

  it.each([
    ['brackets', '{"a":['.repeat(50_000)],
    ['quotes', `{${'"\\'.repeat(90_000)}`],
    ['thoughts', '<think>'.repeat(200_000)],
    ['fences', '```json\n'.repeat(200_000)],
    // Each would take minutes where every beginning is followed to the end of the text.
  ])('is looked for in one pass: in a heap of %s there is none', (_, text) => {
    expect(read(text)).toEqual({ issue: '(the whole): not JSON' });
  });
});
