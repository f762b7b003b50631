/** Services and card classes by their numbers (docs/format.md section 3). Numbers are never used again. */
export const SERVICES = [
  "bus",
  "hospital",
  "library",
  "bicycle",
  "parking",
  "payment",
  "hotel",
  "community",
  "standing",
  "credit",
  "exchange",
  "enterprise",
  "purchase",
  "desk",
  "network",
  "scenic",
  "campus",
] as const;

export const STANDING = 9;

const CLASSES = ["merchant", "resident", "student", "talent", "family"] as const;

/** A service's name, or its number where this version has none yet. */
export function serviceLabel(service: number): string {
  return SERVICES[service - 1] ?? String(service);
}

/** A class's name, or its number where this version has none yet. */
export function classLabel(cardClass: number): string {
  return CLASSES[cardClass - 1] ?? String(cardClass);
}
