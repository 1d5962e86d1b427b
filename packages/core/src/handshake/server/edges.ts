import type { Checked } from "../table.ts";

/** What a server does before it knows the version. */
export const edges = {
  expectClientHello: { client_hello: ["chooseConfig"] },
  chooseConfig: { config: ["expectSecondClientHello", "lookUpSession", "exchangeKeys", "startShare"] },
} as const;

export type Edges = Checked<typeof edges>;
