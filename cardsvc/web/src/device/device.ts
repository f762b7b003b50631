/**
 * A browser as an enrolled reader (docs/readers.md): set up once, then it judges by itself for days without a
 * network, keeps its log, and brings it. `/gate`, `/seller` and the officer's page are this with a screen.
 *
 * 1. `enrol` a one-time code: the browser makes its keys. 2. `pin` the root document that a person has compared.
 * 3. `begin`: bundles, month keys and the log go by themselves. `present` judges, records, then answers.
 */
import { signal } from "@preact/signals";
import type { Bytes } from "../reader/bytes.ts";
import { ReaderError, Refused, Unchecked } from "../reader/errors.ts";
import type { Policy } from "../reader/rules.ts";
import type { Trust } from "../reader/trust.ts";
import type { Role } from "../reader/verdict.ts";
import type { Presentation } from "../reader/verifier.ts";
import { Database } from "./database.ts";
import { Errand, jittered } from "./errands.ts";
import { Gate } from "./gate.ts";
import type { Shown } from "./gate.ts";
import { ALARM_SHARE, Journal } from "./journal.ts";
import type { Standing } from "./journal.ts";
import { Keeper } from "./keeper.ts";
import { DeviceKeys, makeKeys } from "./keys.ts";
import type { KeptKeys } from "./keys.ts";
import { MonthKeys, monthAfter, monthOf } from "./months.ts";
import { SeenOnDisk } from "./seen.ts";
import { Service, enrol, fetchRoot } from "./service.ts";
import type { Enrolment } from "./service.ts";

/** A bundle may ask for no shorter and no longer wait than these, whatever its ttl says. */
const SHORTEST_S = 15;
const LONGEST_S = 6 * 3600;
/** A batch of 500 is followed by the next at once; otherwise the log is brought about once a minute. */
const UPLOAD_S = 60;
/** What the service would not take is offered again at every start and once a day: it may have learnt since. */
const RETRY_REFUSED_S = 86_400;
/** A clock this far before the data is wrong (docs/format.md section 5). */
const CLOCK_TOLERANCE_S = 120;

/** `new`: no code yet; `rootless`: nobody vouched for a root document yet; `empty`: no bundle yet. */
export type Stage = "starting" | "new" | "rootless" | "empty" | "ready";

/** When bundles were last asked for and the log last brought (epoch seconds), and why either fails. */
export interface Errands {
  readonly syncedAt: number | null;
  readonly syncError: ReaderError | null;
  readonly broughtAt: number | null;
  readonly uploadError: ReaderError | null;
}

/** What somebody must see to. */
export type Alarm =
  | "no_data" | "clock_wrong" | "data_expired" | "data_stale" | "log_fails" | "log_full" | "log_filling"
  | "records_refused" | "sync_fails" | "upload_fails"; // prettier-ignore

export interface Options {
  /** The name of the page's database. */
  readonly database: string;
  /** Null: as whoever made the one-time code said. */
  readonly role: Role | null;
  /** The service's address; its own is what a page is served from. */
  readonly url: string;
  readonly clock?: () => number;
}

export class Device {
  readonly stage = signal<Stage>("starting");
  readonly trust = signal<Trust | null>(null);
  readonly log = signal<Standing | null>(null);
  readonly enrolment = signal<Enrolment | null>(null);
  /** Why the last thing that was asked of this device could not be done; null where it was done. */
  readonly refusal = signal<ReaderError | null>(null);
  readonly alarms = signal<readonly Alarm[]>([]);
  readonly errands = signal<Errands | null>(null);
  #keys: DeviceKeys | null = null;
  #work: Work | null = null;
  readonly #keeper: Keeper;

  private constructor(
    private readonly database: Database,
    private readonly options: Options,
  ) {
    this.#keeper = new Keeper(database);
  }

  /** What this browser kept from before, ready to judge where it can; nothing is asked of the network yet. */
  static async open(options: Options): Promise<Device> {
    const device = new Device(await Database.open(options.database), options);
    await device.#explained(() => device.#resume());
    return device;
  }

  get clock(): () => number {
    return this.options.clock ?? systemClock;
  }

  get policy(): Policy | null {
    return this.#work?.gate.policy ?? null;
  }

  /** How much of a card this reader shows. */
  get role(): Role {
    return this.options.role ?? this.enrolment.value?.profile ?? "gate";
  }

  /** The service, as this reader; null before it is enrolled. */
  get service(): Service | null {
    return this.#work?.service ?? null;
  }

  /** The beginning of the SHA-256 of this device's key. */
  get fingerprint(): string | null {
    return this.#keys?.fingerprint ?? null;
  }

  /** Bring a one-time code; false where it was refused, and `refusal` says why. */
  enrol(code: string): Promise<boolean> {
    return this.#explained(async () => {
      const keys = await this.#makeKeys();
      const said = await enrol(this.options.url, code.trim().toUpperCase(), keys, this.clock());
      await this.database.keep("enrolment", said);
      await globalThis.navigator?.storage?.persist?.(); // A browser short of room must not throw the log away.
      await this.#resume();
    });
  }

  /** The root document that the service shows, for a person to compare before it is pinned. */
  offeredRoot(): Promise<Bytes> {
    return fetchRoot(this.options.url);
  }

  /** Pin a root document that a person vouches for. */
  pin(root: Bytes): Promise<boolean> {
    return this.#explained(async () => {
      const venue = this.enrolment.value?.venue;
      if (venue === undefined) throw new Refused("not_enrolled", "bring a one-time code first");
      await alone(this.options.database, () => this.#keeper.pin(root, this.clock(), venue));
      await this.#resume();
      await this.sync();
    });
  }

  /** Begin to ask for bundles and to bring the log, now and from then on. */
  begin(): void {
    void this.#work?.sync.now();
    void this.#work?.upload.now();
  }

  /** Ask for a newer bundle now; the errand's own times go on from here. */
  async sync(): Promise<void> {
    await this.#work?.sync.now();
    this.refusal.value = this.#work?.sync.error ?? null;
  }

  /** Bring the log now. */
  async upload(): Promise<void> {
    await this.#work?.upload.now();
  }

  /** Judge, record, and then answer: one at a time, whichever window of the page it comes from. */
  async present(presentation: Presentation): Promise<Shown> {
    const { gate } = this.#working();
    const shown = await alone(this.options.database, () => gate.handle(presentation));
    await this.look();
    return shown;
  }

  /** Somebody of the staff lets in whom nobody could check: a record of its own, once for each presentation. */
  async admit(shown: Shown): Promise<boolean> {
    const { gate } = this.#working();
    const admitted = await alone(this.options.database, () => gate.admit(shown));
    await this.look();
    return admitted;
  }

  /** How this device stands now: alarms, errands and the log. */
  async look(): Promise<void> {
    try {
      this.log.value = (await this.#work?.journal.standing()) ?? null;
    } catch (error) {
      if (!(error instanceof ReaderError)) throw error;
      this.log.value = null;
    }
    this.alarms.value = this.#alarms(this.clock());
    const { sync, upload } = this.#work ?? {};
    this.errands.value =
      sync === undefined || upload === undefined
        ? null
        : { syncedAt: sync.doneAt, syncError: sync.error, broughtAt: upload.doneAt, uploadError: upload.error };
  }

  /** Forget keys, trust and log. What waits to be sent is lost: the page asks first. */
  async leave(): Promise<void> {
    this.#work?.sync.stop();
    this.#work?.upload.stop();
    await alone(this.options.database, () => this.database.erase());
    this.#keys = this.#work = null;
    this.trust.value = this.enrolment.value = this.log.value = this.refusal.value = this.errands.value = null;
    this.alarms.value = [];
    this.stage.value = "new";
  }

  async #makeKeys(): Promise<DeviceKeys> {
    const kept = await this.database.kept<KeptKeys>("keys");
    if (kept !== null) return new DeviceKeys(kept);
    const made = await makeKeys();
    await this.database.keep("keys", made);
    return new DeviceKeys(made);
  }

  async #resume(): Promise<void> {
    const [kept, enrolment] = [await this.database.kept<KeptKeys>("keys"), await this.database.kept<Enrolment>("enrolment")];
    if (kept === null || enrolment === null) {
      this.stage.value = "new";
      return;
    }
    this.#keys = new DeviceKeys(kept);
    this.enrolment.value = enrolment;
    this.#work ??= await this.#makeWork(enrolment, this.#keys);
    this.stage.value = (await this.#keeper.isPinned()) ? "empty" : "rootless";
    await this.look();
    if (this.stage.value === "rootless") return;
    const trust = await this.#keeper.read(this.clock());
    if (trust !== null) this.#use(trust);
  }

  async #makeWork(enrolment: Enrolment, keys: DeviceKeys): Promise<Work> {
    const journal = new Journal(this.database, enrolment.reader, keys);
    const months = new MonthKeys(this.database, keys);
    try {
      await months.open();
    } catch (error) {
      console.error(error); // Without the month's key it records without a pseudonym, and fetches it again.
    }
    const service = new Service({ ...enrolment, url: this.options.url }, keys, this.clock);
    const log = (error: unknown): void => console.error(error);
    const seen = new SeenOnDisk(this.database);
    const gate = new Gate({ journal, seen, months, role: this.role, clock: this.clock, log });
    const look = (): void => void this.look();
    return {
      gate, journal, months, service,
      sync: new Errand(() => this.#syncOnce(), this.clock, look),
      upload: new Errand(() => this.#uploadOnce(), this.clock, look),
      etag: null,
      retried: -Infinity, // At once: a tablet is switched off every night.
    }; // prettier-ignore
  }

  async #syncOnce(): Promise<number> {
    const work = this.#working();
    if (this.stage.value === "rootless") return SHORTEST_S;
    const found = await work.service.bundle(this.trust.value === null ? null : work.etag);
    const { bundle } = found;
    if (bundle !== null) {
      this.#use(await alone(this.options.database, () => this.#keeper.offer(bundle, this.clock())));
      work.etag = found.etag; // Only now: a bundle that was refused is asked for again.
    }
    const month = monthOf(this.clock(), this.trust.value?.dayOffsetS ?? 0);
    // The month's key and the next one's, so that the turn of the month needs no network.
    if (!work.months.has(month) || !work.months.has(monthAfter(month))) {
      await work.months.keep(await work.service.monthKeys());
    }
    return jittered(Math.min(Math.max(this.trust.value?.ttl ?? SHORTEST_S, SHORTEST_S), LONGEST_S));
  }

  async #uploadOnce(): Promise<number> {
    const work = this.#working();
    if (performance.now() - work.retried >= RETRY_REFUSED_S * 1000) {
      await work.journal.retryRefused();
      work.retried = performance.now();
    }
    for (let batch = await work.journal.batch(this.clock()); batch !== null; batch = await work.journal.batch(this.clock())) {
      const sent = new Set(batch.records.map(({ seq }) => seq));
      const answers = (await work.service.upload(batch)).filter(({ seq }) => sent.has(seq));
      if (answers.length === 0) break; // It said nothing about any of them: asked again later, not in a circle.
      await work.journal.acknowledge(answers);
    }
    return UPLOAD_S;
  }

  #use(trust: Trust): void {
    this.#working().gate.use(trust);
    this.trust.value = trust;
    this.stage.value = "ready";
  }

  #working(): Work {
    if (this.#work === null) throw new Refused("not_enrolled", "this device is no reader yet");
    return this.#work;
  }

  #alarms(now: number): Alarm[] {
    const [trust, log, policy] = [this.trust.value, this.log.value, this.policy];
    const found: Alarm[] = [];
    if (trust === null || policy === null) found.push("no_data");
    else if (now - trust.iat < -CLOCK_TOLERANCE_S) found.push("clock_wrong");
    else if (now - trust.iat > policy.expiredAfterS || now >= trust.exp) found.push("data_expired");
    else if (now - trust.iat > policy.staleAfterS) found.push("data_stale");
    if (log === null) found.push("log_fails");
    else if (log.missed > 0) found.push("log_full");
    else if (log.share >= ALARM_SHARE) found.push("log_filling");
    if ((log?.refused ?? 0) > 0) found.push("records_refused");
    // No answer is no fault of this device: the age of the data and what waits say enough.
    if (refused(this.#work?.sync)) found.push("sync_fails");
    if (refused(this.#work?.upload)) found.push("upload_fails");
    return found;
  }

  async #explained(step: () => Promise<void>): Promise<boolean> {
    try {
      await step();
      this.refusal.value = null;
      return true;
    } catch (error) {
      if (!(error instanceof ReaderError) && !(error instanceof DOMException)) throw error;
      this.refusal.value =
        error instanceof ReaderError ? error : new Unchecked("state_unwritable", `this browser keeps nothing: ${error.message}`);
      return false;
    }
  }
}

interface Work {
  readonly gate: Gate;
  readonly journal: Journal;
  readonly months: MonthKeys;
  readonly service: Service;
  readonly sync: Errand;
  readonly upload: Errand;
  etag: string | null;
  retried: number;
}

function refused(errand: Errand | undefined): boolean {
  return errand?.error !== null && errand?.error !== undefined && errand.error.reason !== "unreachable";
}

function systemClock(): number {
  return Math.floor(Date.now() / 1000);
}

const waiting = new Map<string, Promise<unknown>>();

/** One at a time: by the browser's locks over all windows, elsewhere within this one. */
async function alone<Result>(name: string, step: () => Promise<Result>): Promise<Result> {
  if (typeof navigator !== "undefined" && navigator.locks !== undefined) {
    return (await navigator.locks.request(name, step)) as Result;
  }
  const before = waiting.get(name) ?? Promise.resolve();
  const mine = before.then(step, step);
  waiting.set(name, mine.catch(() => undefined));
  return mine;
}
