import { attempt } from "../connection/guard.ts";
import { situate, TlsError, TlsErrorOf } from "../errors.ts";
import { copy } from "../wire/bytes.ts";
import { type ClientHello, decodeClientHello } from "../wire/client-hello.ts";

/** The machine's own decoding without a machine. Takes a handshake message with its header; the peer's faults are returned. */
export function readClientHello(
  message: Uint8Array,
): { readonly kind: "read"; readonly clientHello: ClientHello } | { readonly kind: "malformed"; readonly error: TlsError } {
  const decoded = attempt(() => decodeClientHello(copy(message)));
  if (decoded.kind === "done") return { kind: "read", clientHello: decoded.result };
  const { thrown } = decoded;
  const error =
    thrown instanceof TlsError ? thrown : new TlsErrorOf("local-fault", { step: "readClientHello" }, undefined, thrown);
  situate(error, { phase: "client-hello", serverName: undefined, finishedSent: false, received: undefined, label: undefined });
  return { kind: "malformed", error };
}
