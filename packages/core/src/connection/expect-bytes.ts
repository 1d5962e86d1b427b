import { ApiMisuse } from "../errors.ts";

/** What a caller gives, before the machine runs. @throws ApiMisuse */
export function expectBytes(value: unknown, name: string): void {
  if (!(value instanceof Uint8Array)) throw new ApiMisuse("bad-argument", `${name} must be a Uint8Array`);
}
