/** This phone as a reader of the patrols (docs/readers.md): let in by an officer's session, judging by itself. */
import { signal } from "@preact/signals";
import { Device } from "../device/device.ts";
import { phoneCode } from "../shared/api/police.ts";
import { asking } from "./state.ts";

export const phone = signal<Device | null>(null);

/** What this phone has kept from before; nothing is asked of the network yet. */
export async function openPhone(): Promise<void> {
  const device = await Device.open({ database: "cardsvc-officer", role: "police", url: location.origin });
  phone.value = device;
  if (device.stage.value === "ready") performance.mark("ready");
}

export function device(): Device {
  if (phone.value === null) throw new Error("the phone is not open yet");
  return phone.value;
}

/** Become a reader, where it is none yet. Throws what the service refuses a code for. */
export async function letIn(): Promise<void> {
  if (device().stage.value === "new") await bring(await asking(phoneCode));
}

/**
 * Become a new reader, with new keys: what the old one had not sent is lost. It is given up only for a code that the
 * service has made: without one this phone would judge nothing for the rest of the shift.
 */
export async function letInAnew(): Promise<void> {
  const code = await asking(phoneCode);
  await device().leave();
  await bring(code);
}

async function bring({ code }: { readonly code: string }): Promise<void> {
  if (!(await device().enrol(code))) throw device().refusal.value ?? new Error("not enrolled");
}

/** Ask for a newer bundle and bring the log, as far as there is a network. */
export async function errands(): Promise<void> {
  if (phone.value === null) return;
  await Promise.all([device().sync(), device().upload()]);
}
