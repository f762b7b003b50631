/** A QR code on a screen: black on white by day and by night, for readers expect it. */
import type { Modules } from "../qr.ts";

/** ISO/IEC 18004, section 6.3.8: nothing but white around the code. */
const QUIET = 4;

export function QrPicture({ modules, label }: { readonly modules: Modules; readonly label: string }) {
  const side = modules.length + 2 * QUIET;
  let path = "";
  modules.forEach((row, y) =>
    row.forEach((dark, x) => {
      if (dark) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
    }),
  );
  return (
    <svg class="qr" viewBox={`0 0 ${side} ${side}`} role="img" aria-label={label} shape-rendering="crispEdges">
      <path class="qr-ground" d={`M0 0h${side}v${side}h-${side}z`} />
      <path class="qr-dark" d={path} />
    </svg>
  );
}
