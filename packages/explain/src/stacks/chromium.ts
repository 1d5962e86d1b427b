// Chromium and its kin: net errors by name and number, from net/base/net_error_list.h.
import type { Stack } from "./stack.ts";

export const chromium: Stack = {
  id: "chromium",
  title: "Chromium",
  of: "boringssl",
  source: "net/base/net_error_list.h",
  marks: ["net::err_", "err_cert_", "err_ssl_protocol", "err_ssl_version", "err_bad_ssl", "chromium", "chrome"],
  codes: [
    { number: -113, name: "ERR_SSL_VERSION_OR_CIPHER_MISMATCH", cause: "no-common-suite", strength: "likely" },
    { number: -202, name: "ERR_CERT_AUTHORITY_INVALID", cause: "self-signed", strength: "likely" },
  ],
  signs: [],
  remedies: {
    "self-signed": [{
      advice: "let the browser trust the authority that issued the certificate; until then it aborts each first visit on purpose, with certificate_unknown (46), and opens several connections at once when the user goes on",
      options: ["chrome://certificate-manager", "sallyport ca"],
    }],
  },
};
