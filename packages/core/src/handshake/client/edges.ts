import type { Checked, EdgeTable } from "../table.ts";
import { edgesTls12 } from "./tls12/edges.ts";
import { edgesTls13 } from "./tls13/edges.ts";

/** What a client does before it knows the version. */
export const edges = {
  takeSession: { session: ["startShares"] },
  startShares: { key_shares: ["judgeEarly", "expectServerHello"] },
  judgeEarly: { verdict: ["expectServerHello"] },
  expectServerHello: {
    server_hello: [
      "startShareAgain",
      "completeKeys",
      "expectCertificateTls12",
      "expectSessionTicketResumed",
      "expectChangeCipherSpecResumed",
    ],
  },
} as const;

export type Edges = Checked<typeof edges>;

/** The whole client, of all versions. */
export const clientEdges: EdgeTable = { ...edges, ...edgesTls13, ...edgesTls12 };
