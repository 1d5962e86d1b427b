import { readFileSync } from "node:fs";
import { handshake } from "./handshake.mjs";

const identity = JSON.parse(readFileSync(new URL("./identity.json", import.meta.url), "utf8"));
console.log(handshake(identity, (length) => crypto.getRandomValues(new Uint8Array(length)), Date.now));
