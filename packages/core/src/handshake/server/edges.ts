import type { Checked, EdgeTable } from "../table.ts";
import { edgesTls12 } from "./tls12/edges.ts";
import { edgesTls13 } from "./tls13/edges.ts";

/** What a server does before it knows the version. */
export const edges = {
  expectClientHello: { client_hello: ["chooseConfig"] },
  chooseConfig: { config: ["expectSecondClientHello", "lookUpSession", "exchangeKeys", "lookUpSessionTls12", "startShare"] },
} as const;

export type Edges = Checked<typeof edges>;

/** The whole server, of all versions. */
export const serverEdges: EdgeTable = { ...edges, ...edgesTls13, ...edgesTls12 };
