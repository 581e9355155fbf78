/** A text with names in backticks, as the docs write them. */

export function WithCode({ text }: { text: string }) {
  return text.split('`').map((part, at) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name
    at % 2 === 1 ? <code key={at}>{part}</code> : part,
  );
}
