import type { Checked } from "../../table.ts";

/** The server of TLS 1.3 behind `chooseConfig`: RFC 9846, Appendix A.2, with a state for each decision that can wait. */
export const edgesTls13 = {
  expectSecondClientHello: { client_hello: ["lookUpSession", "exchangeKeys"] },
  lookUpSession: { sessions: ["judgeResumed", "askSingleUse", "exchangeKeys"] },
  judgeResumed: { verdict: ["askSingleUse", "exchangeKeys"] },
  askSingleUse: { freshness: ["exchangeKeys"] },
  exchangeKeys: { secret: ["sign", "expectEndOfEarlyData", "tellEarlyData", "expectFinished"] },
  sign: { signature: ["tellEarlyData", "expectFinished", "expectCertificate"] },
  expectEndOfEarlyData: { application_data: ["showEarlyData"], end_of_early_data: ["tellEarlyData"] },
  showEarlyData: { next: ["expectEndOfEarlyData"] },
  tellEarlyData: { next: ["expectFinished", "expectCertificate"] },
  expectCertificate: {
    certificate: ["expectCertificateVerify", "expectFinished"],
    compressed_certificate: ["expectCertificateVerify", "expectFinished"],
  },
  expectCertificateVerify: { certificate_verify: ["checkSignature"] },
  checkSignature: { validity: ["judge"] },
  judge: { verdict: ["expectFinished"] },
  expectFinished: { finished: ["connected"] },
} as const;

export type EdgesTls13 = Checked<typeof edgesTls13>;
