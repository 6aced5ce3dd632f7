export { ConfirmationFeed } from "./confirmation-feed.js";
export { listenWebsocket, type WebsocketServerOptions } from "./server.js";
