import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Case, Fields } from "../shared/api/desk.ts";
import { Problem, Unreachable } from "../shared/api/http.ts";
import { Draft, SETTLE_MS, type Save } from "./draft.ts";

const FIRST = { id: "c1", version: 1, application: { surname: "SPECIMEN" } } as unknown as Case;

/** A service that keeps one case and can be switched off. */
class Service {
  down = false;
  refusal: Problem | null = null;
  calls = 0;
  stored: Case = FIRST;
  save: Save = async (version, application) => {
    this.calls += 1;
    if (this.down) throw new Unreachable();
    if (this.refusal) throw this.refusal;
    expect(version).toBe(this.stored.version);
    this.stored = { ...this.stored, version: version + 1, application };
    return this.stored;
  };
}

function draft(service: Service) {
  const states: string[] = [];
  const one = new Draft(FIRST, service.save, (view) => states.at(-1) !== view.state && states.push(view.state));
  return { one, states };
}

describe("a draft", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("saves once after the last key", async () => {
    const service = new Service();
    const { one, states } = draft(service);
    one.change({ given_names: "Z" });
    one.change({ given_names: "Zo" });
    await vi.advanceTimersByTimeAsync(SETTLE_MS);
    expect(service.stored.application).toEqual({ surname: "SPECIMEN", given_names: "Zo" });
    expect(service.calls).toBe(1);
    expect(states).toEqual(["dirty", "saving", "saved"]);
    expect(one.unsaved).toBe(false);
  });

  it("keeps what was typed while the service is away, and sends it when it is back", async () => {
    const service = new Service();
    const { one } = draft(service);
    service.down = true;
    one.change({ passport: "X1" });
    await vi.advanceTimersByTimeAsync(5000);
    one.change({ phone: "+86" });
    expect(one.view.state).toBe("offline");
    expect(one.unsaved).toBe(true);
    service.down = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(one.view.state).toBe("saved");
    expect(service.stored.application).toEqual({ surname: "SPECIMEN", passport: "X1", phone: "+86" });
  });

  it("keeps what is typed during a request on top of the answer", async () => {
    const service = new Service();
    const { one } = draft(service);
    one.change({ surname: "A" });
    const sent = one.flush();
    one.change({ surname: "AB" });
    await sent;
    expect(one.view.application["surname"]).toBe("AB");
    await one.flush();
    expect(service.stored.application["surname"]).toBe("AB");
  });

  it("empties a field", async () => {
    const service = new Service();
    const { one } = draft(service);
    one.change({ surname: "" });
    await one.flush();
    expect(service.stored.application).toEqual({});
  });

  it.each([
    [true, "THEIRS"],
    [false, "MINE"],
  ])("asks whose word counts (theirs: %s)", async (theirs, expected) => {
    const service = new Service();
    const { one } = draft(service);
    const meanwhile: Fields = { surname: "THEIRS" };
    service.stored = { ...FIRST, version: 7, application: { ...meanwhile, phone: "+86" } };
    service.refusal = new Problem(409, "changed_meanwhile", "", [], { by: "clerk2", version: 7, theirs: meanwhile });
    one.change({ surname: "MINE" });
    await one.flush();
    expect(one.view.state).toBe("conflict");
    expect(one.view.conflict?.by).toBe("clerk2");
    service.refusal = null;
    await one.settle(theirs, service.stored);
    expect(one.view.state).toBe("saved");
    expect(one.view.application["surname"]).toBe(expected);
    // What else the other changed stays, asked about or not.
    expect(service.stored.application).toEqual({ surname: expected, phone: "+86" });
  });

  it("tells the service which version unsent changes were typed on, whatever was read since", async () => {
    const save = vi.fn<Save>().mockRejectedValueOnce(new Unreachable());
    const one = new Draft(FIRST, save, () => undefined);
    one.change({ surname: "MINE" });
    await one.flush();
    const theirs = { ...FIRST, version: 7, application: { surname: "THEIRS", phone: "+86" } };
    one.adopt(theirs);
    expect(one.view.application).toEqual({ surname: "MINE", phone: "+86" });
    save.mockResolvedValueOnce({ ...theirs, version: 8 });
    await one.flush();
    // At version 1 nobody had a phone: the service sees what somebody else changed, here and there.
    expect(save).toHaveBeenLastCalledWith(1, { surname: "MINE" });
    save.mockResolvedValueOnce({ ...theirs, version: 9 });
    one.change({ phone: "" });
    await one.flush();
    expect(save).toHaveBeenLastCalledWith(8, { surname: "THEIRS" });
  });

  it("begins from what was read last where nothing is unsent", async () => {
    const service = new Service();
    const { one } = draft(service);
    service.stored = { ...FIRST, version: 3, application: { surname: "THEIRS" } };
    one.adopt(service.stored);
    one.change({ phone: "+86" });
    await one.flush();
    expect(service.stored).toMatchObject({ version: 4, application: { surname: "THEIRS", phone: "+86" } });
  });

  it("goes on trying whatever went wrong", async () => {
    const service = new Service();
    const save = vi.fn<Save>(service.save).mockRejectedValueOnce(new TypeError("half an answer"));
    const one = new Draft(FIRST, save, () => undefined);
    one.change({ surname: "A" });
    await one.flush();
    expect(one.view.state).toBe("offline");
    await vi.advanceTimersByTimeAsync(1000);
    expect(one.view.state).toBe("saved");
    expect(service.stored.application).toEqual({ surname: "A" });
  });

  it("stops on a refusal that no repetition changes, and says so", async () => {
    const service = new Service();
    const { one } = draft(service);
    service.refusal = new Problem(409, "wrong_state", "It was submitted.");
    one.change({ surname: "A" });
    await one.flush();
    expect(one.view.state).toBe("stopped");
    expect(one.view.problem?.reason).toBe("wrong_state");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(service.calls).toBe(1);
    // Read anew, the case may take it.
    service.refusal = null;
    one.adopt(FIRST);
    expect(one.view.problem).toBeNull();
    await vi.advanceTimersByTimeAsync(SETTLE_MS);
    expect(one.view.state).toBe("saved");
    expect(service.stored.application).toEqual({ surname: "A" });
  });
});
