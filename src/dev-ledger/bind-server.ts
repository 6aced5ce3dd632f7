import type { Server } from "node:http";
import { NanoError } from "../errors/index.js";

export interface BindOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** The option that a port in use is blamed on. */
  readonly setting: string;
}

export interface BoundServer {
  readonly port: number;
  /** Breaks off what is open now; the port goes on listening. */
  dropConnections(): void;
  /** Frees the port and drops every connection that still speaks HTTP, idle ones too. */
  close(): Promise<void>;
}

export async function bindServer(server: Server, { host, port, setting }: BindOptions): Promise<BoundServer> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      reject(new NanoError("invalid_configuration", { setting, port }, error));
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new NanoError("invalid_configuration", { setting });
  return {
    port: address.port,
    dropConnections: () => {
      server.closeAllConnections();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
