/** A day to type: eight digits, or with marks. It is made ISO 8601 as the field is left; who sends it does so again. */
import { t } from "../shared/i18n/index.ts";
import { TextField, isNoDay, isoDay } from "../shared/ui/fields.tsx";

interface DayProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly change: (value: string) => void;
  readonly required?: boolean;
}

export function DayField({ value, required = false, ...of }: DayProps) {
  const input = { placeholder: t("hint.day"), inputMode: "numeric", dir: "ltr", required } as const;
  return <TextField {...of} value={value} error={isNoDay(value) ? t("hint.day.wrong") : null} tidy={isoDay} input={input} />;
}
