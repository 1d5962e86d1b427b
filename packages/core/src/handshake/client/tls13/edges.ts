import type { Checked } from "../../table.ts";

/** The client of TLS 1.3 behind its first ServerHello: RFC 9846, Appendix A.1, with a state for each decision that can wait. */
export const edgesTls13 = {
  startShareAgain: { key_shares: ["expectSecondServerHello"] },
  expectSecondServerHello: { server_hello: ["completeKeys"] },
  completeKeys: { secret: ["expectEncryptedExtensions"] },
  expectEncryptedExtensions: { encrypted_extensions: ["expectCertificateOrRequest", "expectFinished"] },
  expectCertificateOrRequest: {
    certificate: ["expectCertificateVerify"],
    compressed_certificate: ["expectCertificateVerify"],
    certificate_request: ["expectCertificate"],
  },
  expectCertificate: { certificate: ["expectCertificateVerify"], compressed_certificate: ["expectCertificateVerify"] },
  expectCertificateVerify: { certificate_verify: ["checkSignature"] },
  checkSignature: { validity: ["judge"] },
  judge: { verdict: ["expectFinished"] },
  expectFinished: { finished: ["pickCredential", "judgeResumed", "connected"] },
  judgeResumed: { verdict: ["connected"] },
  pickCredential: { credential: ["sign", "connected"] },
  sign: { signature: ["connected"] },
} as const;

export type EdgesTls13 = Checked<typeof edgesTls13>;
