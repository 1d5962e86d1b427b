import type { Checked } from "../table.ts";

/** What a client does before it knows the version. */
export const edges = {
  takeSession: { session: ["startShares"] },
  startShares: { key_shares: ["expectServerHello"] },
  expectServerHello: { server_hello: ["startShareAgain", "completeKeys", "expectCertificateTls12"] },
} as const;

export type Edges = Checked<typeof edges>;
