/** Audio of a streamed answer: each piece is base64 of its own bytes, so what follows padding can't simply be appended. */
export interface JoinedAudio {
  add(base64: string): void;
  /** All of it as one base64 text; null: none has come. */
  build(): string | null;
}

export function createJoinedAudio(): JoinedAudio {
  const pieces: string[] = [];
  return {
    add(base64) {
      pieces.push(base64);
    },
    build() {
      if (pieces.length <= 1) return pieces[0] ?? null;
      return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64'))).toString('base64');
    },
  };
}
