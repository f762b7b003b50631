/** Where an application is not what was known: from the passport's lines, the last card, or the resident's phone. */
import type { Case, Difference } from "../shared/api/desk.ts";
import { t, told } from "../shared/i18n/index.ts";
import { Note } from "../shared/ui/kit.tsx";

/** Where the other value stands. */
const SOURCES = { card: "review.before", mrz: "review.lines", resident: "review.resident" } as const;

export function Differences({ list }: { list: readonly Difference[] }) {
  if (list.length === 0) return null;
  return (
    <table class="list small">
      <thead><tr><th scope="col">{t("review.field")}</th><th scope="col">{t("review.was")}</th><th scope="col">{t("review.now")}</th></tr></thead>
      <tbody>
        {list.map((one) => (
          <tr key={one.field + one.source}>
            <th scope="row">{told("field", one.field) ?? one.field}</th>
            <td><bdi dir="auto">{one.known || "—"}</bdi> <small>{t(SOURCES[one.source])}</small></td>
            <td><b><bdi dir="auto">{one.now || "—"}</bdi></b></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What came from a phone, where it is not what the clerk has read meanwhile. */
export function Declared({ one }: { one: Case }) {
  if (!one.declared) return null;
  const differs = one.differences.filter((other) => other.source === "resident");
  const { reference } = one.declared;
  if (differs.length === 0) return <Note tone="quiet">{t("case.declared.same", { reference })}</Note>;
  return (
    <section class="tile warnings" data-part="declared">
      <h2>{t("case.declared", { reference })}</h2>
      <Differences list={differs} />
    </section>
  );
}
