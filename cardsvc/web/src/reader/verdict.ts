/** The answer a reader gives, and what each role is shown with it (docs/format.md section 8). */
import { base64 } from "./bytes.ts";
import { MAX_SERVICE, hasService } from "./card.ts";
import type { Card } from "./card.ts";
import { dateOf } from "./days.ts";
import type { Assurance } from "./rules.ts";
import { classLabel, serviceLabel } from "./services.ts";

/** Three answers; `attention` means that it could not be checked, and a person decides. */
export type Answer = "allow" | "deny" | "attention";

/** Who looks at the verdict, and so how much of the card they are shown. */
export type Role = "gate" | "police" | "desk" | "seller";

/** What a market seller sees; no standing is shown as unknown, not as bad. */
export type Standing = "good" | "limited" | "unknown";

/** What a verified card shows to a desk or an officer. */
export interface WholeView {
  readonly issuer: string;
  readonly class: string;
  readonly print: number;
  readonly permit_until: string | null;
  readonly permit_class: string | null;
  readonly services: readonly string[];
  readonly service_days: Readonly<Record<string, string>>;
  readonly passport?: string;
  readonly passport_country?: string;
  readonly language_native?: string;
  readonly name_native?: string;
  readonly name?: string | null;
  readonly name_chinese?: string | null;
  readonly birth?: string | null;
  readonly sex?: string | null;
  readonly nationality?: string | null;
  readonly guardian?: string | null;
  readonly photo?: string | null;
  readonly photo_format?: number | null;
  /** For the police alone: null where no list says anything. */
  readonly hotlist?: boolean | null;
}

export type View = WholeView | { readonly standing: Standing } | Readonly<Record<string, never>>;

/** One judged code, member for member the JSON of every reader. `opens` is for a door without staff. */
export interface Verdict {
  readonly verdict: Answer;
  readonly reason: string;
  readonly words: string;
  readonly card: string | null;
  readonly service: string | null;
  readonly valid_until: string | null;
  readonly assurance: Assurance | null;
  readonly data_age_s: number;
  readonly offline: true;
  readonly opens: boolean;
  /** Every finding, in order. */
  readonly noted: readonly string[];
  readonly repeated: boolean;
  readonly not_judged: readonly string[];
  /** The holder's own language (ISO 639-3) where the code says it, to choose words by. */
  readonly language: string | null;
  readonly view: View | null;
}

/** Cut a verified card to a role: a gate sees nothing, a seller the standing, desk and police all. */
export function viewFor(role: Role, card: Card, standing: Standing, hotlisted: boolean | null): View {
  if (role === "gate") return {};
  if (role === "seller") return { standing };
  return role === "police" ? { ...whole(card), hotlist: hotlisted } : whole(card);
}

function whole(card: Card): WholeView {
  const services = Array.from({ length: MAX_SERVICE }, (_, i) => i + 1).filter((service) => hasService(card, service));
  const person = card.identity;
  return {
    issuer: card.issuer,
    class: classLabel(card.cardClass),
    print: card.printNumber,
    permit_until: card.permitDay === null ? null : dateOf(card.permitDay),
    permit_class: card.permitClass,
    services: services.map(serviceLabel),
    service_days: Object.fromEntries(
      Array.from(card.serviceDays, ([service, day]) => [serviceLabel(service), dateOf(day)]),
    ),
    ...(card.passport && { passport: card.passport[0], passport_country: card.passport[1] }),
    ...(card.nativeName && { language_native: card.nativeName[0], name_native: card.nativeName[1] }),
    ...(person && {
      name: person.fullName,
      name_chinese: person.secondName,
      birth: person.birth,
      sex: { 1: "M", 2: "F", 3: "X" }[person.gender ?? 0] ?? null,
      nationality: person.nationality,
      guardian: person.guardian,
      photo: person.photo && base64(person.photo),
      photo_format: person.photoFormat,
    }),
  };
}
