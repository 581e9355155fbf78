export interface ProgressOptions {
  total: number;
  first?: number;
  stream?: { isTTY?: boolean; columns?: number; write(text: string): unknown };
}

export class Progress {
  constructor(options: ProgressOptions);
  say(text: string): void;
  skip(text: string): void;
  step<Made>(title: string, work: () => Promise<Made>, note?: string): Promise<Made>;
}
