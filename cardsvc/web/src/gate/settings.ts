/** How this tablet stands at its venue: chosen once, kept on the device, no secret but the staff's own code. */
import { signal } from "@preact/signals";
import { hex } from "../reader/bytes.ts";
import type { Facing } from "../scan/scanner.ts";
import { remember, remembered } from "../shared/remembered.ts";

/** `staffed`: somebody stands by, compares and decides; `kiosk`: nobody does, and nobody passing by changes it. */
export type Mode = "staffed" | "kiosk";

export interface Settings {
  readonly mode: Mode;
  /** What holders ask for; null: the card alone is judged. */
  readonly service: number | null;
  readonly direction: "in" | "out";
  readonly facing: Facing;
  readonly sound: boolean;
  /** Opens a kiosk to its staff: salt and PBKDF2, hexadecimal; null in staffed mode. */
  readonly lock: { readonly salt: string; readonly hash: string } | null;
}

const KEPT = "gate.settings";
const ROUNDS = 200_000;
/** Staff code: short enough to be typed on glass, slow enough to be guessed here. */
export const STAFF_CODE = /^[0-9]{4,8}$/;

export const settings = signal<Settings | null>(read());

export function choose(next: Settings): void {
  settings.value = next;
  remember(KEPT, JSON.stringify(next));
}

export function forget(): void {
  settings.value = null;
  remember(KEPT, null);
}

function read(): Settings | null {
  try {
    const kept: unknown = JSON.parse(remembered(KEPT) ?? "null");
    return typeof kept === "object" && kept !== null && "mode" in kept ? (kept as Settings) : null;
  } catch {
    return null; // Somebody wrote something else there: it is chosen anew.
  }
}

export async function lockOf(code: string): Promise<NonNullable<Settings["lock"]>> {
  const salt = hex(crypto.getRandomValues(new Uint8Array(16)));
  return { salt, hash: await stretched(code, salt) };
}

export async function opensLock(code: string, lock: NonNullable<Settings["lock"]>): Promise<boolean> {
  return (await stretched(code, lock.salt)) === lock.hash;
}

async function stretched(code: string, salt: string): Promise<string> {
  const text = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", text.encode(code), "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: text.encode(salt), iterations: ROUNDS };
  return hex(new Uint8Array(await crypto.subtle.deriveBits(how, key, 256)));
}
