// How to trust the demo's CA on this machine, and how to take that back.
import { type TrustRecipe, trustRecipes as recipesFor } from "../ca/trust.ts";
import type { Authority } from "./authority.ts";

export type { TrustRecipe } from "../ca/trust.ts";

/** Shell commands, in the folder into which `fetch` (see `fetchCommand`) put the file. */
export function trustRecipes({ name, fingerprint }: Authority, port: number): readonly TrustRecipe[] {
  return [
    {
      where: "curl",
      on: "everywhere",
      note: "Nothing is installed: this one command trusts the file.",
      trust: `curl --cacert sallyport-ca.pem https://localhost:${port}/`,
      remove: "rm sallyport-ca.pem",
    },
    ...recipesFor({ name, fingerprint, file: "sallyport-ca.pem", nickname: "sallyport-demo" }),
  ];
}

/** Unverified on purpose: the fingerprint, which the terminal shows too, is what counts. */
export function fetchCommand(port: number): string {
  return `curl --insecure --output sallyport-ca.pem https://localhost:${port}/ca.pem`;
}
