import type libsodium from "libsodium-wrappers";

export type Sodium = typeof libsodium;

/** Imported only here: it compiles as soon as it is, and rejects a promise that nobody would hold yet. */
export async function loadSodium(): Promise<Sodium> {
  const { default: sodium } = await import("libsodium-wrappers");
  await sodium.ready;
  return sodium;
}
