// How numbers and bytes of a field read.
import { type Registered, registered, type RegistryName } from "@sallyport/core";
import { isGrease, printable } from "../words.ts";

interface Said {
  readonly value: string;
  readonly note?: string;
}

/** `TLS_AES_128_GCM_SHA256 (0x1301)`. */
export function named(registry: RegistryName, octets: 1 | 2 = 2): (id: number) => Said {
  return (id) => ofRegistered(registered(registry, id), octets);
}

function ofRegistered(value: Registered, octets: 1 | 2): Said {
  const number = octets === 1 ? String(value.id) : hexOf(value.id);
  if (octets === 2 && isGrease(value))
    return { value: `GREASE (${number})`, note: "means nothing: it is there so that nobody forgets to ignore what is unknown" };
  return { value: value.name === undefined ? number : `${value.name.replace(/^(TLS|SSL)v(?=\d)/, "$1 ")} (${number})` };
}

/** Of a few that have no registry in core. */
export function oneOf(names: readonly (readonly [number, string])[]): (id: number) => Said {
  const known = new Map(names);
  return (id) => ({ value: known.has(id) ? `${known.get(id)} (${id})` : String(id) });
}

export const hexOf = (id: number): string => `0x${id.toString(16).padStart(4, "0")}`;

/** Bytes that are text, as far as they are. */
export function text(bytes: Uint8Array): string {
  const shown = String.fromCharCode(...bytes.subarray(0, 256));
  return `"${printable(shown)}"${bytes.length > 256 ? ` and ${bytes.length - 256} bytes more` : ""}`;
}
