/** Standing for sellers, what was agreed to, and the answer to a reader that asks a phone to prove itself. */
import type { Table } from "../language.ts";

export const CONSENTS = {
  "standing.title": [
    "Show a seller my standing", "向卖方出示信誉", "أظهر مكانتي للبائع", "بیچنے والے کو اپنی ساکھ دکھائیں", "نشان دادن اعتبارم به فروشنده",
    "판매자에게 내 신용 보이기", "売り手に信用を見せる", "Montrer ma réputation à un vendeur", "Показать продавцу мою репутацию", "विक्रेता को अपनी साख दिखाएँ",
    "Mostrar mi reputación a un vendedor", "Mostrar a minha reputação a um vendedor",
  ],
  "standing.why": [
    "Sellers who scan this code see one word: good, limited or unknown. They do not see your name, number or passport.",
    "扫描此码的卖方只看到一个词：良好、有限或未知。看不到您的姓名、卡号或护照。",
    "يرى البائع الذي يمسح هذا الرمز كلمة واحدة: جيدة أو محدودة أو غير معروفة. لا يرى اسمك ولا رقمك ولا جوازك.",
    "جو بیچنے والا یہ کوڈ اسکین کرے اسے ایک لفظ نظر آتا ہے: اچھی، محدود یا نامعلوم۔ آپ کا نام، نمبر یا پاسپورٹ نہیں۔",
    "فروشنده‌ای که این کد را می‌خواند یک واژه می‌بیند: خوب، محدود یا نامعلوم. نام، شماره و گذرنامهٔ شما را نمی‌بیند.",
    "이 코드를 스캔한 판매자는 좋음, 제한됨, 알 수 없음 중 한 단어만 봅니다. 이름, 번호, 여권은 보지 못합니다.",
    "このコードを読み取った売り手に見えるのは、良好・限定・不明の一語だけです。氏名、番号、旅券は見えません。",
    "Le vendeur qui lit ce code voit un mot : bonne, limitée ou inconnue. Il ne voit ni votre nom, ni votre numéro, ni votre passeport.",
    "Продавец, считав код, видит одно слово: хорошая, ограниченная или неизвестная. Имени, номера и паспорта он не видит.",
    "यह कोड स्कैन करने वाला विक्रेता एक शब्द देखता है: अच्छी, सीमित या अज्ञात। आपका नाम, नंबर या पासपोर्ट नहीं।",
    "El vendedor que lee este código ve una palabra: buena, limitada o desconocida. No ve su nombre, su número ni su pasaporte.",
    "O vendedor que lê este código vê uma palavra: boa, limitada ou desconhecida. Não vê o seu nome, número nem passaporte.",
  ],
  "standing.agree": [
    "For how long do you agree to that?", "您同意多长时间？", "إلى متى توافق على ذلك؟", "آپ کتنے عرصے کے لیے راضی ہیں؟", "برای چه مدت موافقید؟", "얼마 동안 동의하시겠습니까?",
    "いつまで同意しますか？", "Pour combien de temps êtes-vous d’accord ?", "На какой срок вы согласны?", "आप कितने समय के लिए सहमत हैं?",
    "¿Por cuánto tiempo está de acuerdo?", "Por quanto tempo concorda?",
  ],
  "standing.for1": [
    "24 hours", "24 小时", "٢٤ ساعة", "24 گھنٹے", "۲۴ ساعت", "24시간", "24時間", "24 heures", "24 часа", "24 घंटे", "24 horas", "24 horas",
  ],
  "standing.for30": ["30 days", "30 天", "٣٠ يومًا", "30 دن", "۳۰ روز", "30일", "30日間", "30 jours", "30 дней", "30 दिन", "30 días", "30 dias"],
  "standing.for365": ["One year", "一年", "سنة واحدة", "ایک سال", "یک سال", "1년", "1年間", "Un an", "Один год", "एक वर्ष", "Un año", "Um ano"],
  "standing.sees": [
    "The seller sees: {s}", "卖方看到：{s}", "يرى البائع: {s}", "بیچنے والا دیکھتا ہے: {s}", "فروشنده می‌بیند: {s}", "판매자에게 보이는 것: {s}", "売り手に見えるもの：{s}",
    "Le vendeur voit : {s}", "Продавец видит: {s}", "विक्रेता देखता है: {s}", "El vendedor ve: {s}", "O vendedor vê: {s}",
  ],
  "standing.good": ["good", "良好", "جيدة", "اچھی", "خوب", "좋음", "良好", "bonne", "хорошая", "अच्छी", "buena", "boa"],
  "standing.limited": ["limited", "有限", "محدودة", "محدود", "محدود", "제한됨", "限定", "limitée", "ограниченная", "सीमित", "limitada", "limitada"],
  "standing.unknown": ["unknown", "未知", "غير معروفة", "نامعلوم", "نامعلوم", "알 수 없음", "不明", "inconnue", "неизвестная", "अज्ञात", "desconocida", "desconhecida"],
  "standing.not": [
    "Your card cannot show a standing now. See what it says on its own page.", "您的卡目前不能出示信誉。请查看卡片页面上的说明。", "لا يمكن لبطاقتك إظهار مكانة الآن. انظر ما تقوله صفحتها.",
    "آپ کا کارڈ ابھی ساکھ نہیں دکھا سکتا۔ کارڈ کے صفحے پر دیکھیں۔", "کارت شما اکنون اعتباری نشان نمی‌دهد. صفحهٔ کارت را ببینید.",
    "지금은 카드가 신용을 보여 줄 수 없습니다. 카드 화면을 확인하세요.", "現在、このカードでは信用を示せません。カードの画面をご覧ください。",
    "Votre carte ne peut pas montrer de réputation maintenant. Voyez sa page.", "Сейчас карта не может показать репутацию. Посмотрите её страницу.",
    "आपका कार्ड अभी साख नहीं दिखा सकता। कार्ड का पेज देखें।", "Su tarjeta no puede mostrar una reputación ahora. Vea su página.",
    "O seu cartão não pode mostrar uma reputação agora. Veja a página dele.",
  ],
  "standing.offline": [
    "This needs a network once a day. Connect, then open it again.", "每天需要联网一次。请联网后再打开。", "يحتاج هذا إلى الشبكة مرة في اليوم. اتصل ثم افتحه ثانية.",
    "اس کے لیے دن میں ایک بار نیٹ ورک چاہیے۔ جڑ کر دوبارہ کھولیں۔", "این روزی یک بار شبکه می‌خواهد. وصل شوید و دوباره باز کنید.",
    "하루에 한 번 네트워크가 필요합니다. 연결한 뒤 다시 여세요.", "1日1回の接続が必要です。接続してから開き直してください。",
    "Il faut un réseau une fois par jour. Connectez-vous, puis rouvrez.", "Раз в день нужна сеть. Подключитесь и откройте снова.",
    "इसके लिए दिन में एक बार नेटवर्क चाहिए। जुड़कर फिर खोलें।", "Necesita red una vez al día. Conéctese y ábralo de nuevo.",
    "Precisa de rede uma vez por dia. Ligue-se e abra de novo.",
  ],
  "consents.title": [
    "What I agreed to", "我的同意", "ما وافقت عليه", "میری رضامندی", "آنچه پذیرفته‌ام", "내가 동의한 것", "同意した内容", "Mes accords", "Мои согласия", "मेरी सहमतियाँ",
    "Lo que acepté", "O que aceitei",
  ],
  "consents.none": [
    "Nothing of yours is shown to anybody by your consent.", "目前没有经您同意出示的信息。", "لا يُعرض شيء عنك لأحد بموافقتك.", "آپ کی رضامندی سے کسی کو کچھ نہیں دکھایا جاتا۔",
    "با رضایت شما چیزی به کسی نشان داده نمی‌شود.", "동의에 따라 공개되는 것이 없습니다.", "同意にもとづいて見せているものはありません。",
    "Rien n’est montré à personne avec votre accord.", "По вашему согласию никому ничего не показывают.", "आपकी सहमति से किसी को कुछ नहीं दिखाया जाता।",
    "Nada suyo se muestra a nadie con su consentimiento.", "Nada seu é mostrado a ninguém com o seu consentimento.",
  ],
  "consents.standing": [
    "My standing, to sellers who scan my phone", "我的信誉，给扫描我手机的卖方", "مكانتي، للبائعين الذين يمسحون هاتفي", "میری ساکھ، میرا فون اسکین کرنے والے بیچنے والوں کو",
    "اعتبارم، به فروشندگانی که تلفنم را می‌خوانند", "내 신용, 내 휴대폰을 스캔한 판매자에게", "自分の信用を、端末を読み取った売り手に",
    "Ma réputation, aux vendeurs qui lisent mon téléphone", "Моя репутация — продавцам, считавшим мой телефон", "मेरी साख, मेरा फ़ोन स्कैन करने वाले विक्रेताओं को",
    "Mi reputación, a vendedores que leen mi teléfono", "A minha reputação, a vendedores que leem o meu telefone",
  ],
  "consents.since": [
    "Agreed {d}", "同意于 {d}", "وافقت {d}", "رضامندی {d}", "پذیرفته {d}", "동의 {d}", "同意 {d}", "Accordé {d}", "Согласие {d}", "सहमति {d}", "Aceptado {d}", "Aceite {d}",
  ],
  "consents.until": [
    "Until {d}", "至 {d}", "حتى {d}", "{d} تک", "تا {d}", "{d}까지", "{d}まで", "Jusqu’au {d}", "До {d}", "{d} तक", "Hasta {d}", "Até {d}",
  ],
  "consents.ended": [
    "Ended {d}", "已结束 {d}", "انتهت {d}", "ختم {d}", "پایان {d}", "종료 {d}", "終了 {d}", "Terminé {d}", "Окончено {d}", "समाप्त {d}", "Terminado {d}", "Terminado {d}",
  ],
  "consents.end": [
    "Take back", "撤回同意", "سحب الموافقة", "واپس لیں", "پس گرفتن", "동의 철회", "同意を取り消す", "Retirer", "Отозвать", "वापस लें", "Retirar", "Retirar",
  ],
  "consents.endAsk": [
    "No seller sees your standing any more. Another phone of yours may show it until its code runs out, a day at most. Take back?",
    "卖方将不再看到您的信誉。您的其他手机最多一天内仍可能出示。确认撤回？",
    "لن يرى أي بائع مكانتك بعد الآن. قد يُظهرها هاتف آخر لك يومًا على الأكثر. سحب؟",
    "کوئی بیچنے والا آپ کی ساکھ نہیں دیکھے گا۔ آپ کا دوسرا فون زیادہ سے زیادہ ایک دن دکھا سکتا ہے۔ واپس لیں؟",
    "دیگر هیچ فروشنده‌ای اعتبارتان را نمی‌بیند. تلفن دیگرتان شاید تا یک روز آن را نشان دهد. پس می‌گیرید؟",
    "판매자는 더 이상 신용을 볼 수 없습니다. 다른 휴대폰은 최대 하루 동안 보일 수 있습니다. 철회할까요?",
    "売り手には信用が見えなくなります。別の端末では最長1日見えることがあります。取り消しますか？",
    "Plus aucun vendeur ne verra votre réputation. Un autre de vos téléphones peut la montrer un jour au plus. Retirer ?",
    "Продавцы больше не увидят репутацию. Другой ваш телефон может показывать её не дольше дня. Отозвать?",
    "कोई विक्रेता आपकी साख नहीं देखेगा। आपका दूसरा फ़ोन अधिकतम एक दिन दिखा सकता है। वापस लें?",
    "Ningún vendedor verá su reputación. Otro teléfono suyo puede mostrarla un día como máximo. ¿Retirar?",
    "Nenhum vendedor verá a sua reputação. Outro telefone seu pode mostrá-la um dia no máximo. Retirar?",
  ],
  "consents.kept": [
    "The service keeps that you agreed, and never who scanned you.", "服务只记录您的同意，不记录谁扫描过您。", "تحفظ الخدمة أنك وافقت، ولا تحفظ من مسح رمزك.",
    "سروس صرف آپ کی رضامندی رکھتی ہے، یہ نہیں کہ کس نے اسکین کیا۔", "سامانه رضایت شما را نگه می‌دارد، نه این‌که چه کسی کد شما را خوانده است.",
    "서비스는 동의 사실만 보관하고 누가 스캔했는지는 알지 못합니다.", "記録されるのは同意したことだけで、誰が読み取ったかは残りません。",
    "Le service garde votre accord, jamais qui vous a lu.", "Сервис хранит согласие, но не то, кто считал код.", "सेवा केवल आपकी सहमति रखती है, यह नहीं कि किसने स्कैन किया।",
    "El servicio guarda que usted aceptó, nunca quién le leyó.", "O serviço guarda que aceitou, nunca quem o leu.",
  ],
  "answer.title": [
    "Prove this phone", "证明此手机", "أثبت هذا الهاتف", "اس فون کو ثابت کریں", "اثبات این تلفن", "이 휴대폰 확인", "この端末を証明", "Prouver ce téléphone", "Подтвердить телефон",
    "इस फ़ोन को साबित करें", "Demostrar este teléfono", "Provar este telefone",
  ],
  "answer.how": [
    "Hold this code to the reader {r} now.", "请立即将此码对准读卡器 {r}。", "ضع هذا الرمز أمام القارئ {r} الآن.", "یہ کوڈ ابھی ریڈر {r} کے سامنے رکھیں۔", "این کد را اکنون جلوی دستگاه {r} بگیرید.",
    "지금 이 코드를 리더기 {r}에 대세요.", "このコードをすぐにリーダー {r} にかざしてください。", "Présentez ce code au lecteur {r} maintenant.", "Поднесите код к считывателю {r} сейчас.",
    "यह कोड अभी रीडर {r} को दिखाएँ।", "Acerque este código al lector {r} ahora.", "Aproxime este código do leitor {r} agora.",
  ],
  "answer.over": [
    "The reader’s code has run out. Scan its new one with your camera.", "读卡器的码已过期。请用相机扫描新的码。", "انتهى رمز القارئ. امسح رمزه الجديد بالكاميرا.",
    "ریڈر کا کوڈ ختم ہو گیا۔ نیا کوڈ کیمرے سے اسکین کریں۔", "کد دستگاه پایان یافت. کد تازهٔ آن را با دوربین بخوانید.", "리더기의 코드가 만료되었습니다. 새 코드를 카메라로 스캔하세요.",
    "リーダーのコードが切れました。新しいコードをカメラで読み取ってください。", "Le code du lecteur est dépassé. Lisez le nouveau avec l’appareil photo.",
    "Код считывателя устарел. Считайте новый камерой.", "रीडर का कोड समाप्त हो गया। नया कोड कैमरे से स्कैन करें।",
    "El código del lector caducó. Lea el nuevo con la cámara.", "O código do leitor expirou. Leia o novo com a câmara.",
  ],
  "answer.wrong": [
    "This is no reader’s code, or no card is here to answer it.", "这不是读卡器的码，或此手机没有可用的卡。", "هذا ليس رمز قارئ، أو لا بطاقة هنا تجيبه.", "یہ ریڈر کا کوڈ نہیں، یا یہاں کوئی کارڈ نہیں۔",
    "این کد دستگاه نیست، یا کارتی برای پاسخ این‌جا نیست.", "리더기 코드가 아니거나 응답할 카드가 없습니다.", "リーダーのコードではないか、応答できるカードがありません。",
    "Ce n’est pas le code d’un lecteur, ou aucune carte ne peut y répondre.", "Это не код считывателя, или здесь нет карты для ответа.",
    "यह रीडर का कोड नहीं है, या यहाँ कोई कार्ड नहीं।", "No es el código de un lector, o no hay tarjeta que responda.",
    "Não é o código de um leitor, ou não há cartão que responda.",
  ],
} as const satisfies Table;
