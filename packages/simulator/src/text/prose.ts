/**
 * Prose: sentences from a small grammar, in tokens. A text has one theme, so that it reads like a scene. Joined, the tokens are the text;
 * their number is exactly the requested one, and the last token ends a sentence.
 */
import {
  actions,
  closings,
  doings,
  durations,
  manners,
  sayings,
  states,
  type Theme,
  themes,
  times,
  unicodeWords,
} from './lexicon.ts';
import { pick, type Random, shuffled } from './random.ts';

type Words = Record<
  'time' | 'person' | 'action' | 'thing' | 'place' | 'state' | 'manner' | 'doing' | 'duration' | 'saying',
  () => string
>;

const templates: readonly ((words: Words) => string)[] = [
  (w) => `${w.time()}, ${w.person()} ${w.action()} ${w.thing()} ${w.place()}.`,
  (w) => `${w.thing()} ${w.state()} ${w.manner()}, and ${w.person()} ${w.doing()}.`,
  (w) => `Nobody ${w.place()} remembered why ${w.thing()} ${w.state()}, but ${w.person()} ${w.doing()} all the same.`,
  (w) => `When ${w.thing()} ${w.state()}, ${w.person()} ${w.action()} ${w.thing()}.`,
  (w) => `It had taken ${w.duration()} to understand ${w.thing()}, and ${w.duration()} more to trust it.`,
  (w) => `"I have learned that ${w.saying()}," said ${w.person()}, and ${w.doing()}.`,
  (w) => `${w.time()}, ${w.thing()} ${w.state()}.`,
  (w) => `${w.person()} ${w.action()} ${w.thing()}, then ${w.doing()}; ${w.saying()}.`,
  (w) => `There was one rule ${w.place()}: ${w.saying()}.`,
  (w) => `For ${w.duration()}, ${w.thing()} ${w.state()}.`,
  (w) => `${w.person()} ${w.action()} ${w.thing()} and, ${w.place()}, found ${w.thing()}.`,
  (w) => `If ${w.thing()} ${w.state()}, it was because ${w.person()} had kept at it for ${w.duration()}.`,
  (w) => `Neither ${w.person()} nor ${w.person()} spoke of ${w.thing()}, though it ${w.state()} ${w.manner()}.`,
  (w) => `What mattered was ${w.thing()}; everything else ${w.place()} could wait.`,
];

function wordsOf(random: Random, theme: Theme): Words {
  return {
    time: shuffled(random, times),
    person: shuffled(random, theme.people),
    action: shuffled(random, actions),
    thing: shuffled(random, theme.things),
    place: shuffled(random, theme.places),
    state: shuffled(random, states),
    manner: shuffled(random, manners),
    doing: shuffled(random, doings),
    duration: shuffled(random, durations),
    saying: shuffled(random, sayings),
  };
}

/** Words with the space before them, long words in two parts, punctuation separate: similar to a tokenizer. */
function tokensOf(sentence: string): string[] {
  const parts = sentence.match(/\s*[A-Za-z]+|\s*[^A-Za-z\s]+/g) ?? [];
  return parts.flatMap((part) => {
    const middle = Math.ceil(part.length / 2);
    return part.length > 10 ? [part.slice(0, middle), part.slice(middle)] : [part];
  });
}

/** How many sentences are tried to fit the remaining tokens; then a closing sentence is used. */
const MAX_TRIES = 20;
const MAX_CLOSING = 9;

/** A sentence of exactly `remaining` tokens, or short enough for another sentence after it. */
function sentenceWithin(remaining: number, random: Random, write: () => string): string[] {
  const fits = ({ length }: string[]) => length === remaining || length <= remaining - 2;
  for (let tries = 0; tries < MAX_TRIES && remaining > MAX_CLOSING; tries++) {
    const tokens = tokensOf(write());
    if (fits(tokens)) return tokens;
  }
  const fitting = closings.map((closing) => tokensOf(` ${closing}`)).filter(fits);
  const filling = fitting.filter(({ length }) => length === remaining);
  if (fitting.length === 0) return ['Yes.'];
  return pick(random, filling.length > 0 ? filling : fitting).map((token, at) =>
    at === 0 ? token.trimStart() : token,
  );
}

/** @param count number of tokens */
export function writeProse(random: Random, count: number): string[] {
  const words = wordsOf(random, pick(random, themes));
  const nextTemplate = shuffled(random, templates);
  const write = () => {
    const text = nextTemplate()(words);
    return text.charAt(0).toUpperCase() + text.slice(1);
  };
  const sentencesInParagraph = () => 3 + Math.floor(random() * 3);
  const tokens: string[] = [];
  for (let left = sentencesInParagraph(); tokens.length < count; left--) {
    const [first = '', ...rest] = sentenceWithin(count - tokens.length, random, write);
    if (tokens.length === 0) tokens.push(first);
    else if (left > 0) tokens.push(` ${first}`);
    else {
      tokens.push(`\n\n${first}`);
      left = sentencesInParagraph();
    }
    tokens.push(...rest);
  }
  return tokens;
}

/** Text of many scripts and emoji: every token has a character of several bytes. */
export function writeUnicode(random: Random, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const end = index === count - 1 || index % 9 === 8 ? '.' : '';
    return `${index === 0 ? '' : ' '}${pick(random, unicodeWords)}${end}`;
  });
}
