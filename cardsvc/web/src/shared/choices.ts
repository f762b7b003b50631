/** What can be chosen in an application, at the desk and on a resident's phone. */
export const SERVICES = [
  "bus", "hospital", "library", "bicycle", "parking", "payment", "hotel", "community", "standing", "credit",
  "exchange", "enterprise", "purchase", "desk", "network", "scenic", "campus",
] as const; // prettier-ignore
export type Service = (typeof SERVICES)[number];

export const CLASSES = ["merchant", "resident", "student", "talent", "family"] as const;

/** What each class usually opens; the clerk ticks more or fewer. */
export const USUAL: Readonly<Record<(typeof CLASSES)[number], readonly Service[]>> = {
  merchant: ["bus", "hospital", "library", "payment", "hotel", "community", "parking", "enterprise", "purchase"],
  resident: ["bus", "hospital", "library", "payment", "community"],
  student: ["bus", "hospital", "library", "payment", "community", "campus"],
  talent: ["bus", "hospital", "library", "payment", "hotel", "community"],
  family: ["bus", "hospital", "library", "payment", "community", "scenic"],
};

/** ISO 639-3 of the scripts that cards can print, and the two-letter codes that browsers name them by. */
export const NATIVE = {
  ara: "ar", urd: "ur", fas: "fa", pus: "ps", kur: "ku", heb: "he", hin: "hi", nep: "ne", ben: "bn", tam: "ta",
  tha: "th", mya: "my", amh: "am", kor: "ko", jpn: "ja", rus: "ru", kaz: "kk", kir: "ky", uzb: "uz", mon: "mn",
  ukr: "uk", ell: "el", tur: "tr", vie: "vi", fra: "fr", spa: "es", por: "pt", zho: "zh",
} as const; // prettier-ignore
