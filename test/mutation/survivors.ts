// Changes of core's checks that no test sees, and why none need to.
export interface Survivor {
  /** The end of its path. */
  readonly file: string;
  /** As it stands there, without its indentation. */
  readonly line: string;
  readonly replacement: string;
  readonly why: string;
}

export const survivors: readonly Survivor[] = [
  {
    file: "negotiate/version.ts",
    line: "if (newest !== undefined && newest !== version && hello.cipherSuites.some(({ id }) => id === TLS_FALLBACK_SCSV)) {",
    replacement: "true",
    why: "For the compiler alone: where a version was found there is a newest.",
  },
];
