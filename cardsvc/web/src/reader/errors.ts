/**
 * The one family of errors that leaves the reader.
 *
 * Two kinds must never be confused: *refused* (the thing is wrong: forged, expired, malformed) and
 * *unchecked* (nobody here can tell). A door shuts on the first and calls a person on the second.
 */
export class ReaderError extends Error {
  override name = "ReaderError";

  /** `reason` is snake case and part of the outside contract; the words are for people. */
  constructor(
    readonly reason: string,
    words: string,
  ) {
    super(words);
  }
}

/** The input is wrong. */
export class Refused extends ReaderError {
  override name = "Refused";
}

/** The input could not be checked with what is known here. */
export class Unchecked extends ReaderError {
  override name = "Unchecked";
}

/** The refusal of everything that does not parse. */
export function malformed(words: string): Refused {
  return new Refused("malformed", words);
}
