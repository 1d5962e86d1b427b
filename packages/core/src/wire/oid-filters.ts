// What a client's certificate must have (RFC 9846 §4.3.5).
import { fail } from "../errors.ts";
import { type Bytes, hex } from "./bytes.ts";
import { type Extension, extension } from "./extensions.ts";
import type { Reader } from "./reader.ts";

export interface OidFilter {
  /** Of a certificate extension: DER, an OBJECT IDENTIFIER with its header. */
  readonly oid: Uint8Array;
  /**
   * DER of the extension's value: every key usage and every purpose in it must be in the certificate's too. Empty: the
   * extension must be there.
   */
  readonly values: Uint8Array;
}

export function oidFilters(filters: readonly OidFilter[]): Extension {
  return extension("oid_filters", (writer) =>
    writer.list(2, filters, (_, { oid, values }) => writer.opaque(1, oid).opaque(2, values)),
  );
}

export function readOidFilters(body: Reader): { readonly oid: Bytes; readonly values: Bytes }[] {
  const seen = new Set<string>();
  return body.list(2, "filters", 0, (list) => {
    const oid = list.opaque(1, "certificate_extension_oid", 1);
    const name = hex(oid);
    if (seen.has(name)) {
      const context = { message: list.message, field: "filters", expected: "each OID once", received: name };
      fail("illegal-parameter", context, "RFC 9846 §4.3.5");
    }
    seen.add(name);
    return { oid, values: list.opaque(2, "certificate_extension_values") };
  });
}
