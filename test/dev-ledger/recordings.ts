import { readFileSync } from "node:fs";

export interface RecordedStep {
  readonly step: number;
  readonly label: string;
  readonly request: unknown;
  readonly response: unknown;
}

export function readRecording(name: string): readonly RecordedStep[] {
  const url = new URL(`../fixtures/node-recordings/${name}.jsonl`, import.meta.url);
  const lines = readFileSync(url, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}
