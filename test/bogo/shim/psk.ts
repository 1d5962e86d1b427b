import { type ExternalPsk, type HashName, importedPsk } from "@sallyport/core";
import type { Flags } from "./flags.ts";

/** -new-psk-credential, in order; `at` is its place among all credentials. */
export function psksOf({ credentials }: Flags): readonly { readonly psk: ExternalPsk; readonly at: number }[] {
  return credentials.flatMap(({ kind, flags }, at) => (kind === "psk" ? [{ psk: pskOf(flags), at }] : []));
}

function pskOf(flags: Flags): ExternalPsk {
  const hash: HashName = flags.has("psk-importer-sha384") ? "sha384" : "sha256";
  const empty = new Uint8Array();
  return importedPsk({
    identity: flags.bytes("psk-importer-identity") ?? empty,
    key: flags.bytes("psk-importer-key") ?? empty,
    context: flags.bytes("psk-importer-context") ?? empty,
    hash,
  });
}
