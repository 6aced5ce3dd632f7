export type { IoredisClient } from "./clients.node.js";
export { type RedisStoreOptions, redisStore } from "./redis.node.js";
