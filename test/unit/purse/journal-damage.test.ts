import { closeSync, ftruncateSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cryptoReady, hexToBytes, signBlock } from "../../../src/nano/index.js";
import { createPlace, makeEntry, type Place, removePlaces, tamper } from "./journal-support.js";

beforeAll(cryptoReady);
afterAll(removePlaces);

const unusable = { code: "store_unusable" };

/** A journal of two open payments and forty finished ones, closed. */
async function filledPlace(): Promise<Place> {
  const place = createPlace();
  const journal = await place.open();
  const done = Array.from({ length: 40 }, (_, number) => makeEntry(100 + number));
  await Promise.all([makeEntry(1), makeEntry(2), ...done].map((entry) => journal.add(entry)));
  await Promise.all(done.map(({ hash }) => journal.remove(hash, "spent")));
  await journal.close();
  return place;
}

function overwrite(path: string, at: number, bytes: Uint8Array): void {
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

function truncate(path: string, size: number): void {
  const file = openSync(path, "r+");
  ftruncateSync(file, size);
  closeSync(file);
}

test.each<{ name: string; damage: (path: string) => unknown }>([
  { name: "text", damage: (path) => writeFileSync(path, "my diary\n".repeat(900)) },
  { name: "a few bytes", damage: (path) => writeFileSync(path, "x") },
  { name: "zeros where the header was", damage: (path) => overwrite(path, 0, new Uint8Array(100)) },
  { name: "noise in its pages", damage: (path) => overwrite(path, 4096, new Uint8Array(3 * 4096).fill(0xa5)) },
  { name: "half of it", damage: (path) => truncate(path, Math.floor(statSync(path).size / 2 / 4096) * 4096) },
  { name: "another program's database", damage: (path) => tamper(path, "PRAGMA application_id = 7") },
  {
    name: "another program's database that has a write-ahead log",
    damage: (path) => tamper(path, "PRAGMA application_id = 7", "PRAGMA journal_mode = WAL"),
  },
  { name: "a database without a name", damage: (path) => tamper(path, "PRAGMA application_id = 0") },
  { name: "a newer version", damage: (path) => tamper(path, "PRAGMA user_version = 2") },
  { name: "no table of payments", damage: (path) => tamper(path, "ALTER TABLE entry RENAME TO gone") },
  {
    name: "a sum that is no number",
    damage: (path) =>
      tamper(path, "PRAGMA ignore_check_constraints = ON", "UPDATE history SET counted = 'x' WHERE id = 3"),
  },
])("$name is refused, and left as it is", async ({ damage }) => {
  const place = await filledPlace();
  await damage(place.path);
  const bytes = readFileSync(place.path);
  for (let times = 0; times < 2; times += 1) {
    await expect(place.open()).rejects.toMatchObject({ ...unusable, facts: { path: place.path } });
    expect(readFileSync(place.path).equals(bytes)).toBe(true);
  }
});

test("a newer version is named as such", async () => {
  const place = await filledPlace();
  await tamper(place.path, "PRAGMA user_version = 99");
  await expect(place.open()).rejects.toMatchObject({ facts: { why: "the file was written by a newer x402-nano" } });
});

test("an empty file with a log that is not empty has lost everything: it is not taken for a new one", async () => {
  const place = createPlace();
  const journal = await place.open();
  await journal.add(makeEntry(1));
  const crashed = place.afterCrash();
  await journal.close();
  truncate(crashed.path, 0);
  await expect(crashed.open()).rejects.toMatchObject(unusable);
  expect(statSync(`${crashed.path}-wal`).size).toBeGreaterThan(0);
});

test("a file of a crash before its birth is a new one", async () => {
  const place = createPlace();
  writeFileSync(place.path, "");
  const journal = await place.open();
  await journal.add(makeEntry(1));
  await journal.close();
});

const OTHER = "f".repeat(64);
const sql = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const set = (path: string, json: string): string =>
  `UPDATE entry SET payment = json_set(payment, '$.${path}', json(${sql(json)}))`;
const drop = (path: string): string => `UPDATE entry SET payment = json_remove(payment, '$.${path}')`;

test.each<[string, string]>([
  ["no JSON", "UPDATE entry SET payment = substr(payment, 2)"],
  ["another thing", "UPDATE entry SET payment = '[]'"],
  ["a row under another hash", `UPDATE entry SET hash = '${OTHER}' WHERE id = 1`],
  [
    "another hash in both places",
    `UPDATE entry SET hash = '${OTHER}', payment = json_set(payment, '$.hash', '${OTHER}') WHERE id = 1`,
  ],
  ["no hash", "UPDATE entry SET hash = '' WHERE id = 1"],
  ["another hash inside", set("hash", `"${OTHER}"`)],
  ["a key too many", set("secret", "1")],
  ["a key too many in the block", set("block.subtype", '"send"')],
  ["another balance", set("block.balance", '"12"')],
  ["a balance beyond the supply", set("block.balance", `"${"9".repeat(39)}"`)],
  ["another receiver", set("payTo", '"nano_1111111111111111111111111111111111111111111111111111hifc8npp"')],
  [
    "an address with a wrong digit",
    set("block.account", '"nano_1111111111111111111111111111111111111111111111111111hifc8npq"'),
  ],
  [
    "a link that disagrees",
    set("block.link_as_account", '"nano_1111111111111111111111111111111111111111111111111111hifc8npp"'),
  ],
  ["another signature", set("block.signature", `"${"0".repeat(128)}"`)],
  ["half a signature", set("block.signature", `"${"0".repeat(64)}"`)],
  ["half a work", set("block.work", '"00"')],
  ["another track", set("track", '"nanoCheque"')],
  ["an amount that is a number", set("amountRaw", "1")],
  ["a negative amount", set("reservation.amountRaw", '"-1"')],
  ["half a day", set("reservation.day", "0.5")],
  ["no reservation", drop("reservation")],
  ["no time", set("sinceMs", "null")],
  ["another sighting", set("sighting", '"seen"')],
  ["a served that is text", set("isServed", '"true"')],
  ["times that are texts", set("inFlightUntilMs", '["1"]')],
  ["a negative count", set("presented", "-1")],
  ["a reason that is a number", set("lastReason", "1")],
  ["no accounts", "DELETE FROM account"],
  ["an account that is none", "UPDATE account SET address = 'nano_1'"],
])("%s in a payment: the whole file is refused, without repeating what is there", async (_name, statement) => {
  const place = await filledPlace();
  await tamper(place.path, statement);
  const error = await place.open().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ ...unusable, facts: { path: place.path } });
  expect(JSON.stringify(error)).not.toMatch(/nano_|https:|[0-9a-f]{128}/);
});

test("a block that another key signed is not presented as ours", async () => {
  const place = createPlace();
  const journal = await place.open();
  const entry = makeEntry(1);
  const forged = signBlock(entry.block, hexToBytes("7c".repeat(32), 32));
  await journal.add({ ...entry, block: { ...forged, work: entry.block.work } });
  await journal.close();
  await expect(place.open()).rejects.toMatchObject(unusable);
});

test.each([
  "hash = 'x'",
  "pay_to = 'nano_1'",
  "amount = '01'",
  "resource = 'no JSON'",
  "resource = '1'",
  "host = '{}'",
  `counted = '${"9".repeat(40)}'`,
])("a finished payment with %s: the page says so", async (damage) => {
  const place = await filledPlace();
  await tamper(place.path, `UPDATE history SET ${damage} WHERE id = 7`);
  const journal = await place.open();
  await expect(journal.history({ limit: 40 })).rejects.toMatchObject({ ...unusable, facts: { path: place.path } });
  await journal.close();
});

test("sums whose receiver or host cannot be read are refused", async () => {
  const place = await filledPlace();
  await tamper(place.path, "UPDATE history SET pay_to = 'nano_1' WHERE id = 7");
  const journal = await place.open();
  expect(() => journal.finished()).toThrow(expect.objectContaining(unusable));
  await journal.close();
});
