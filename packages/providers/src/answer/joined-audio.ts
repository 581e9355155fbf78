/** Audio of a streamed answer. Each piece is base64 of its own bytes, with padding, so the texts can't simply be joined. */
export interface JoinedAudio {
  add(base64: string): void;
  /** All audio as one base64 text; null: there was none. */
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
