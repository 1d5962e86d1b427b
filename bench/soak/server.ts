// The server of a soak, in a process of its own: tells its port, and what it weighs whenever it is asked.
import { createServer } from "@sallyport/node";
import type { Authority } from "../../packages/cli/src/demo/authority.ts";
import { handshakeTimeoutMs, serve } from "../serve.ts";
import { serverWithTickets } from "../sides.ts";
import { weigh } from "./weight.ts";

process.once("message", (authority: Authority) => {
  const server = createServer({ accept: serverWithTickets("crypto-node", authority), handshakeTimeoutMs }, serve);
  server.on("tlsClientError", () => {}); // clients abort
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    process.send?.(typeof address === "object" ? address?.port : undefined);
  });
  process.on("message", () => process.send?.(weigh()));
});
