/** Splits a text into parts of at most `most` characters: at paragraphs, else at sentences, else anywhere. Nothing is lost. */
export function splitText(text: string, most: number): string[] {
  const parts: string[] = [];
  let part = '';
  for (const piece of piecesOf(text, most)) {
    if (part !== '' && part.length + piece.length > most) {
      parts.push(part);
      part = '';
    }
    part += piece;
  }
  return part === '' ? parts : [...parts, part];
}

/** Pieces that are small enough, each with the white space that follows it. */
function piecesOf(text: string, most: number): string[] {
  const paragraphs = text.split(/(?<=\n\s*\n)/);
  return paragraphs.flatMap((paragraph) => (paragraph.length <= most ? paragraph : cut(paragraph, most)));
}

function cut(paragraph: string, most: number): string[] {
  const sentences = paragraph.split(/(?<=[.!?]\s+)/);
  return sentences.flatMap((sentence) => sentence.match(new RegExp(`[^]{1,${most}}`, 'gu')) ?? []);
}
