import type { ListenToFetch } from "./fetch-traffic.js";

/** Browsers tell nobody of their requests: there `watch` is needed. */
export const listenToFetch: ListenToFetch = () => () => undefined;
