// Firefox: NSS's errors by name, as its error page shows them.
import type { Stack } from "./stack.ts";

export const firefox: Stack = {
  id: "firefox",
  title: "Firefox",
  of: "nss",
  source: "security/nss/lib/ssl/sslerr.h, and mozilla::pkix's error names",
  marks: ["firefox", "mozilla_pkix", "ssl_error_", "sec_error_"],
  codes: [],
  signs: [
    { words: ["mozilla_pkix_error_self_signed_cert"], cause: "self-signed" },
    { words: ["sec_error_unknown_issuer"], cause: "unknown-issuer" },
  ],
  remedies: {
    "self-signed": [{
      advice: "import the authority's certificate, or let Firefox take the platform's roots; until then it aborts with bad_certificate (42)",
      options: ["about:preferences#privacy, View Certificates, Authorities", "security.enterprise_roots.enabled"],
    }],
  },
};
