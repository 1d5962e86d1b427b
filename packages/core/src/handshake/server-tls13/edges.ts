import type { Checked } from "../table.ts";

/** The server of TLS 1.3: RFC 9846, Appendix A.2, with a state for each decision that can wait. */
export const edges = {
  expectClientHello: { client_hello: ["chooseConfig"] },
  chooseConfig: { config: ["expectSecondClientHello", "exchangeKeys", "startShare"] },
  expectSecondClientHello: { client_hello: ["exchangeKeys"] },
  exchangeKeys: { secret: ["sign"] },
  sign: { signature: ["expectFinished"] },
  expectFinished: { finished: ["connected"] },
} as const;

export type Edges = Checked<typeof edges>;
