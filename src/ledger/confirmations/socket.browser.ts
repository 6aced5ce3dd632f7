import type { OpenSocket } from "./socket.js";

/** The global WebSocket. It takes no headers: a key can only be in the URL. */
export const openSocket: OpenSocket = ({ url }, events) => {
  const socket = new WebSocket(url);
  socket.addEventListener("open", () => {
    events.onOpen();
  });
  socket.addEventListener("message", ({ data }: { readonly data: unknown }) => {
    if (typeof data === "string") events.onText(data);
  });
  socket.addEventListener("close", () => {
    events.onClose();
  });
  return {
    send(text) {
      socket.send(text);
    },
    close() {
      socket.close();
    },
  };
};
