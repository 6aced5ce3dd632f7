/** One change of the source that takes a check away. `find` occurs exactly once in the file. */
export interface Edit {
  /** Relative to the repository root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** What stops an attack. Without it the attack's test file must fail. */
export interface Guard {
  readonly name: string;
  /** The test file, relative to the repository root. */
  readonly attack: string;
  /** Several where independent checks stop the same attack: they are taken away together. */
  readonly edits: readonly Edit[];
}
