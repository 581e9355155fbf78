/**
 * Measures server-sent events as their bytes go by. The SDK's parser keeps an event until the empty line that ends it,
 * so whole events are bounded here, not only lines: many lines without an empty one would fill the memory as well.
 */
const lineFeed = 10;
const carriageReturn = 13;

export interface SizeGuard {
  /** Takes the next bytes; true once there are more than the limit. */
  exceeds(chunk: Uint8Array): boolean;
  /** Whether the bytes so far end in the middle of something. */
  isMidway(): boolean;
}

/** A guard for the size of each event of a stream. */
export function createEventSizeGuard(maxBytes: number): SizeGuard {
  let eventBytes = 0;
  let lineHasText = false;
  const take = (bytes: Uint8Array) => {
    eventBytes += bytes.length;
    lineHasText ||= bytes.length > 1 || (bytes.length === 1 && bytes[0] !== carriageReturn);
    return eventBytes > maxBytes;
  };
  return {
    exceeds(chunk) {
      let from = 0;
      for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, from)) {
        if (take(chunk.subarray(from, end))) return true;
        if (!lineHasText) eventBytes = 0;
        lineHasText = false;
        from = end + 1;
      }
      return take(chunk.subarray(from));
    },
    isMidway: () => lineHasText,
  };
}

/** A guard for the size of an answer that is one piece. */
export function createAnswerSizeGuard(maxBytes: number): SizeGuard {
  let bytes = 0;
  return {
    exceeds(chunk) {
      bytes += chunk.length;
      return bytes > maxBytes;
    },
    isMidway: () => false,
  };
}
