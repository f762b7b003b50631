/** Sentences to show the holder, in the holder's language. A language that lacks one does not compile. */
export const LANGUAGES = ["ar", "ur", "fa", "en", "zh", "ko", "ja", "fr", "ru", "hi", "es", "pt"] as const;
export type HolderLanguage = (typeof LANGUAGES)[number];

export const TOPICS = ["card", "passport", "face", "refresh", "wait", "thanks", "replaced", "suspended", "ended", "unsure"] as const;
export type Topic = (typeof TOPICS)[number];

/** Languages by their own names, for the officer to let the holder point at one. */
export const OWN_NAMES: Readonly<Record<HolderLanguage, string>> = {
  ar: "العربية",
  ur: "اردو",
  fa: "فارسی",
  en: "English",
  zh: "中文",
  ko: "한국어",
  ja: "日本語",
  fr: "Français",
  ru: "Русский",
  hi: "हिन्दी",
  es: "Español",
  pt: "Português",
};

export const RIGHT_TO_LEFT: ReadonlySet<HolderLanguage> = new Set(["ar", "ur", "fa"]);

export const PHRASES: Readonly<Record<HolderLanguage, Readonly<Record<Topic, string>>>> = {
  ar: {
    card: "مرحبًا. من فضلك أرني بطاقتك.",
    passport: "من فضلك أرني جواز سفرك.",
    face: "من فضلك انظر إليّ لأقارن الصورة.",
    refresh: "من فضلك افتح البطاقة في هاتفك وأظهر رمزًا جديدًا.",
    wait: "من فضلك انتظر لحظة.",
    thanks: "كل شيء سليم. شكرًا لك.",
    replaced: "تم استبدال هذه البطاقة. من فضلك استخدم البطاقة الجديدة.",
    suspended: "هذه البطاقة موقوفة أو انتهت الإقامة. مركز الخدمة يستطيع مساعدتك.",
    ended: "هذه البطاقة لم تعد صالحة. من فضلك اذهب إلى مركز الخدمة.",
    unsure: "لا يمكن التحقق من البطاقة هنا الآن. ليس هذا خطأك. من فضلك أرني جواز سفرك.",
  },
  ur: {
    card: "السلام علیکم۔ براہِ کرم اپنا کارڈ دکھائیں۔",
    passport: "براہِ کرم اپنا پاسپورٹ دکھائیں۔",
    face: "براہِ کرم میری طرف دیکھیں تاکہ میں تصویر ملا سکوں۔",
    refresh: "براہِ کرم اپنے فون میں کارڈ کھولیں اور نیا کوڈ دکھائیں۔",
    wait: "براہِ کرم ایک لمحہ انتظار کریں۔",
    thanks: "سب ٹھیک ہے۔ شکریہ۔",
    replaced: "اس کارڈ کی جگہ نیا کارڈ بن چکا ہے۔ براہِ کرم نیا کارڈ استعمال کریں۔",
    suspended: "یہ کارڈ معطل ہے یا اجازت نامے کی مدت ختم ہو گئی ہے۔ سروس سینٹر آپ کی مدد کر سکتا ہے۔",
    ended: "یہ کارڈ اب کارآمد نہیں۔ براہِ کرم سروس سینٹر جائیں۔",
    unsure: "اس وقت یہاں کارڈ کی جانچ نہیں ہو سکتی۔ یہ آپ کی غلطی نہیں۔ براہِ کرم اپنا پاسپورٹ دکھائیں۔",
  },
  fa: {
    card: "سلام. لطفاً کارت خود را نشان دهید.",
    passport: "لطفاً گذرنامهٔ خود را نشان دهید.",
    face: "لطفاً به من نگاه کنید تا عکس را مقایسه کنم.",
    refresh: "لطفاً کارت را در تلفن خود باز کنید و کد تازه نشان دهید.",
    wait: "لطفاً یک لحظه صبر کنید.",
    thanks: "همه چیز درست است. سپاسگزارم.",
    replaced: "این کارت با کارت تازه جایگزین شده است. لطفاً از کارت تازه استفاده کنید.",
    suspended: "این کارت معلق است یا اقامت به پایان رسیده است. مرکز خدمات می‌تواند کمک کند.",
    ended: "این کارت دیگر معتبر نیست. لطفاً به مرکز خدمات بروید.",
    unsure: "اکنون نمی‌توان کارت را اینجا بررسی کرد. تقصیر شما نیست. لطفاً گذرنامهٔ خود را نشان دهید.",
  },
  en: {
    card: "Hello. Please show me your card.",
    passport: "Please show me your passport.",
    face: "Please look at me, so that I can compare the picture.",
    refresh: "Please open the card on your phone and show a fresh code.",
    wait: "Please wait a moment.",
    thanks: "Everything is in order. Thank you.",
    replaced: "This card was replaced. Please use the new card.",
    suspended: "This card is suspended, or the permit has ended. The service centre can help you.",
    ended: "This card is no longer valid. Please go to the service centre.",
    unsure: "The card cannot be checked here now. This is not your fault. Please show me your passport.",
  },
  zh: {
    card: "您好，请出示您的商友卡。",
    passport: "请出示您的护照。",
    face: "请看着我，我需要比对照片。",
    refresh: "请在手机上打开卡片，出示新的二维码。",
    wait: "请稍等。",
    thanks: "一切正常，谢谢。",
    replaced: "此卡已换发，请使用新卡。",
    suspended: "此卡已暂停或居留许可已到期，服务中心可以帮助您。",
    ended: "此卡已失效，请前往服务中心。",
    unsure: "现在无法在这里核验此卡，这不是您的过错。请出示护照。",
  },
  ko: {
    card: "안녕하세요. 카드를 보여 주세요.",
    passport: "여권을 보여 주세요.",
    face: "사진과 비교할 수 있게 저를 봐 주세요.",
    refresh: "휴대전화에서 카드를 열고 새 코드를 보여 주세요.",
    wait: "잠시만 기다려 주세요.",
    thanks: "모두 이상 없습니다. 감사합니다.",
    replaced: "이 카드는 새 카드로 교체되었습니다. 새 카드를 사용해 주세요.",
    suspended: "이 카드는 정지되었거나 체류 허가가 끝났습니다. 서비스 센터에서 도와드립니다.",
    ended: "이 카드는 더 이상 유효하지 않습니다. 서비스 센터로 가 주세요.",
    unsure: "지금 여기서는 카드를 확인할 수 없습니다. 귀하의 잘못이 아닙니다. 여권을 보여 주세요.",
  },
  ja: {
    card: "こんにちは。カードを見せてください。",
    passport: "パスポートを見せてください。",
    face: "写真と見比べますので、こちらを向いてください。",
    refresh: "携帯電話でカードを開き、新しいコードを見せてください。",
    wait: "少々お待ちください。",
    thanks: "問題ありません。ありがとうございました。",
    replaced: "このカードは新しいカードに替わりました。新しいカードをお使いください。",
    suspended: "このカードは停止中か、在留許可が切れています。サービスセンターにご相談ください。",
    ended: "このカードはもう有効ではありません。サービスセンターへお越しください。",
    unsure: "今ここではカードを確認できません。あなたのせいではありません。パスポートを見せてください。",
  },
  fr: {
    card: "Bonjour. Montrez-moi votre carte, s'il vous plaît.",
    passport: "Montrez-moi votre passeport, s'il vous plaît.",
    face: "Regardez-moi, s'il vous plaît, pour que je compare la photo.",
    refresh: "Ouvrez la carte sur votre téléphone et montrez un nouveau code, s'il vous plaît.",
    wait: "Un instant, s'il vous plaît.",
    thanks: "Tout est en ordre. Merci.",
    replaced: "Cette carte a été remplacée. Utilisez la nouvelle carte, s'il vous plaît.",
    suspended: "Cette carte est suspendue ou le permis est échu. Le centre de services peut vous aider.",
    ended: "Cette carte n'est plus valable. Allez au centre de services, s'il vous plaît.",
    unsure: "La carte ne peut pas être vérifiée ici maintenant. Ce n'est pas votre faute. Montrez-moi votre passeport, s'il vous plaît.",
  },
  ru: {
    card: "Здравствуйте. Покажите, пожалуйста, вашу карту.",
    passport: "Покажите, пожалуйста, паспорт.",
    face: "Посмотрите, пожалуйста, на меня: я сравню фотографию.",
    refresh: "Откройте, пожалуйста, карту в телефоне и покажите новый код.",
    wait: "Подождите, пожалуйста, минуту.",
    thanks: "Всё в порядке. Спасибо.",
    replaced: "Эта карта заменена. Пользуйтесь, пожалуйста, новой картой.",
    suspended: "Карта приостановлена, или срок разрешения истёк. Вам помогут в центре услуг.",
    ended: "Эта карта больше не действует. Обратитесь, пожалуйста, в центр услуг.",
    unsure: "Сейчас карту нельзя проверить здесь. Это не ваша вина. Покажите, пожалуйста, паспорт.",
  },
  hi: {
    card: "नमस्ते। कृपया अपना कार्ड दिखाइए।",
    passport: "कृपया अपना पासपोर्ट दिखाइए।",
    face: "कृपया मेरी ओर देखिए, ताकि मैं फ़ोटो मिला सकूँ।",
    refresh: "कृपया फ़ोन पर कार्ड खोलकर नया कोड दिखाइए।",
    wait: "कृपया एक क्षण रुकिए।",
    thanks: "सब ठीक है। धन्यवाद।",
    replaced: "यह कार्ड बदला जा चुका है। कृपया नया कार्ड इस्तेमाल कीजिए।",
    suspended: "यह कार्ड रोका गया है या परमिट समाप्त हो गया है। सेवा केंद्र आपकी मदद कर सकता है।",
    ended: "यह कार्ड अब मान्य नहीं है। कृपया सेवा केंद्र जाइए।",
    unsure: "अभी यहाँ कार्ड की जाँच नहीं हो सकती। यह आपकी ग़लती नहीं है। कृपया अपना पासपोर्ट दिखाइए।",
  },
  es: {
    card: "Hola. Muéstreme su tarjeta, por favor.",
    passport: "Muéstreme su pasaporte, por favor.",
    face: "Míreme, por favor, para comparar la foto.",
    refresh: "Abra la tarjeta en su teléfono y muestre un código nuevo, por favor.",
    wait: "Espere un momento, por favor.",
    thanks: "Todo está en orden. Gracias.",
    replaced: "Esta tarjeta fue sustituida. Use la tarjeta nueva, por favor.",
    suspended: "Esta tarjeta está suspendida o el permiso ha vencido. El centro de servicios puede ayudarle.",
    ended: "Esta tarjeta ya no es válida. Vaya al centro de servicios, por favor.",
    unsure: "Ahora no se puede comprobar la tarjeta aquí. No es culpa suya. Muéstreme su pasaporte, por favor.",
  },
  pt: {
    card: "Olá. Mostre-me o seu cartão, por favor.",
    passport: "Mostre-me o seu passaporte, por favor.",
    face: "Olhe para mim, por favor, para eu comparar a fotografia.",
    refresh: "Abra o cartão no seu telefone e mostre um código novo, por favor.",
    wait: "Aguarde um momento, por favor.",
    thanks: "Está tudo em ordem. Obrigado.",
    replaced: "Este cartão foi substituído. Use o cartão novo, por favor.",
    suspended: "Este cartão está suspenso ou a autorização terminou. O centro de serviços pode ajudar.",
    ended: "Este cartão já não é válido. Dirija-se ao centro de serviços, por favor.",
    unsure: "Neste momento não é possível verificar o cartão aqui. A culpa não é sua. Mostre-me o seu passaporte, por favor.",
  },
};

/** What to show the holder first after a verdict. */
export function topicFor(reason: string): Topic {
  switch (reason) {
    case "ok":
      return "thanks";
    case "replaced":
    case "suspended":
      return reason;
    case "revoked":
    case "expired":
      return "ended";
    case "stale_code":
    case "replayed":
    case "stripped_binding":
      return "refresh";
    case "not_ours":
    case "malformed":
      return "card";
    default:
      return "unsure";
  }
}

/** By the language of the native name on the card (ISO 639-2 or -3). */
const BY_NAME: Readonly<Record<string, HolderLanguage>> = {
  ara: "ar", urd: "ur", fas: "fa", per: "fa", prs: "fa", eng: "en", zho: "zh", chi: "zh", kor: "ko", jpn: "ja",
  fra: "fr", fre: "fr", rus: "ru", hin: "hi", spa: "es", por: "pt",
};

/** By nationality, where the card holds no native name: the languages of the most holders. */
const BY_COUNTRY: Readonly<Record<HolderLanguage, string>> = {
  ar: "YEM SYR IRQ EGY JOR LBN SDN DZA MAR TUN LBY SAU ARE OMN QAT KWT BHR PSE MRT",
  ur: "PAK",
  fa: "IRN AFG TJK",
  en: "",
  zh: "CHN TWN HKG MAC",
  ko: "KOR PRK",
  ja: "JPN",
  fr: "FRA BEL SEN MLI GIN CIV CMR COD COG BEN TGO NER TCD GAB BFA MDG DJI",
  ru: "RUS BLR KAZ KGZ UZB TKM UKR",
  hi: "IND NPL",
  es: "ESP MEX COL VEN PER CHL ARG ECU BOL PRY URY PAN CRI GTM HND SLV NIC DOM CUB GNQ",
  pt: "PRT BRA AGO MOZ GNB CPV STP TLS",
};

export function holderLanguage(nameLanguage: string | undefined, nationality: string | null | undefined): HolderLanguage {
  const named = nameLanguage === undefined ? undefined : BY_NAME[nameLanguage];
  if (named !== undefined) return named;
  const spoken = LANGUAGES.find((one) => nationality && BY_COUNTRY[one].split(" ").includes(nationality));
  return spoken ?? "en";
}
