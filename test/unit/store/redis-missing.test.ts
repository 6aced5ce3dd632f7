import { expect, test, vi } from "vitest";
import { redisStore } from "../../../src/store/redis/index.js";

vi.mock("ioredis", () => {
  throw new Error("Cannot find package 'ioredis'");
});

test("without ioredis the error says what to install", async () => {
  await expect(redisStore("redis://127.0.0.1:1")).rejects.toMatchObject({
    code: "missing_dependency",
    facts: { package: "ioredis", install: "npm install ioredis" },
  });
});

test("what is no client of it is refused", async () => {
  await expect(redisStore({ isCluster: false, status: "ready" })).rejects.toMatchObject({
    code: "invalid_configuration",
  });
});
