// The offers in one glance: what identifies a client, which the tree of fields would have to be searched for.
import type { Offer, Report } from "@sallyport/explain";
import { element } from "./dom.ts";

export function offered({ offers }: Report): HTMLElement | undefined {
  const offer = offers.at(-1);
  if (offer === undefined) return undefined;
  return element(
    "section",
    { class: "card", "aria-labelledby": "offered-title" },
    element("h2", { id: "offered-title" }, "What the client offered"),
    element(
      "dl",
      { class: "facts" },
      factsOf(offer).map(([name, values]) =>
        element(
          "div",
          {},
          element("dt", {}, name),
          element("dd", {}, values.length === 0 ? "none" : values.map((value) => element("span", { class: "chip" }, value))),
        ),
      ),
    ),
  );
}

function factsOf(offer: Offer): readonly (readonly [string, readonly string[]])[] {
  return [
    ["Server name", offer.serverName === undefined ? [] : [offer.serverName]],
    ["Versions", offer.versions],
    ["Cipher suites", offer.cipherSuites],
    ["Groups", offer.groups ?? ["supported_groups is missing"]],
    ["Key shares", offer.keyShares],
    ["Signature schemes", offer.signatureSchemes ?? ["signature_algorithms is missing"]],
    ["Protocols", offer.alpn],
    ["JA4", [offer.ja4]],
    ...(offer.looksLike === undefined ? [] : [["Looks like", [offer.looksLike]] as const]),
  ];
}
