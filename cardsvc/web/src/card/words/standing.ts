/** The card itself: how it stands, what it opens and until when, and what ends it. */
import type { Table } from "../language.ts";

export const STANDING = {
  show: [
    "Hold this code to the reader", "请将此码对准读卡器", "ضع هذا الرمز أمام القارئ", "یہ کوڈ ریڈر کے سامنے رکھیں", "این کد را جلوی دستگاه بگیرید",
    "이 코드를 리더기에 대세요", "このコードをリーダーにかざしてください", "Présentez ce code au lecteur", "Поднесите код к считывателю", "यह कोड रीडर को दिखाएँ",
    "Acerque este código al lector", "Aproxime este código do leitor",
  ],
  "show.none": [
    "This phone cannot make a code now. Use the plastic card.", "此手机目前无法生成码。请使用实体卡。", "لا يستطيع هذا الهاتف إنشاء رمز الآن. استعمل البطاقة البلاستيكية.",
    "یہ فون ابھی کوڈ نہیں بنا سکتا۔ پلاسٹک کارڈ استعمال کریں۔", "این تلفن اکنون نمی‌تواند کد بسازد. از کارت پلاستیکی استفاده کنید.",
    "지금 이 휴대폰에서 코드를 만들 수 없습니다. 실물 카드를 사용하세요.", "この端末ではいまコードを作れません。カード本体をお使いください。",
    "Ce téléphone ne peut pas créer de code maintenant. Utilisez la carte en plastique.", "Этот телефон сейчас не может создать код. Воспользуйтесь пластиковой картой.",
    "यह फ़ोन अभी कोड नहीं बना सकता। प्लास्टिक कार्ड का प्रयोग करें।", "Este teléfono no puede crear un código ahora. Use la tarjeta de plástico.",
    "Este telefone não consegue criar um código agora. Use o cartão de plástico.",
  ],
  renews: [
    "New code in {n} s", "{n} 秒后更新", "يتجدد الرمز بعد {n} ث", "نیا کوڈ {n} سیکنڈ میں", "کد تازه تا {n} ثانیه", "{n}초 후 새 코드", "{n}秒後に更新",
    "Nouveau code dans {n} s", "Новый код через {n} с", "{n} से. में नया कोड", "Código nuevo en {n} s", "Novo código em {n} s",
  ],
  opens: ["Opens", "可用服务", "الخدمات", "خدمات", "خدمات", "이용 서비스", "利用できるサービス", "Donne accès à", "Доступно", "सेवाएँ", "Da acceso a", "Dá acesso a"],
  until: ["until {d}", "至 {d}", "حتى {d}", "{d} تک", "تا {d}", "{d}까지", "{d}まで", "jusqu’au {d}", "до {d}", "{d} तक", "hasta el {d}", "até {d}"],
  permit: [
    "Permit until {d}", "居留许可至 {d}", "الإقامة حتى {d}", "اجازت نامہ {d} تک", "اقامت تا {d}", "체류 허가 {d}까지", "在留許可 {d}まで", "Séjour jusqu’au {d}",
    "Разрешение до {d}", "परमिट {d} तक", "Permiso hasta el {d}", "Autorização até {d}",
  ],
  card: [
    "Card until {d}", "卡有效期至 {d}", "البطاقة حتى {d}", "کارڈ {d} تک", "کارت تا {d}", "카드 {d}까지", "カード {d}まで", "Carte jusqu’au {d}", "Карта до {d}",
    "कार्ड {d} तक", "Tarjeta hasta el {d}", "Cartão até {d}",
  ],
  offline: [
    "Off line. Codes are good until {d}.", "离线。码可用至 {d}。", "بلا اتصال. الرموز صالحة حتى {d}.", "آف لائن۔ کوڈ {d} تک درست ہیں۔",
    "آفلاین. کدها تا {d} معتبرند.", "오프라인. 코드는 {d}까지 유효합니다.", "オフライン。コードは{d}まで有効です。", "Hors ligne. Les codes valent jusqu’au {d}.",
    "Нет сети. Коды действуют до {d}.", "ऑफ़लाइन। कोड {d} तक मान्य हैं।", "Sin conexión. Los códigos valen hasta el {d}.",
    "Sem ligação. Os códigos valem até {d}.",
  ],
  asked: [
    "Data from {ago}", "数据更新于{ago}", "البيانات: {ago}", "معلومات: {ago}", "داده‌ها: {ago}", "데이터: {ago}", "データ：{ago}", "Données : {ago}",
    "Данные: {ago}", "डेटा: {ago}", "Datos: {ago}", "Dados: {ago}",
  ],
  "card.waits": [
    "A card that waits for the desk", "等待窗口确认的卡", "بطاقة بانتظار المكتب", "دفتر کے انتظار میں کارڈ", "کارتی در انتظار دفتر", "창구 승인을 기다리는 카드",
    "承認待ちのカード", "Une carte en attente du guichet", "Карта ждёт подтверждения", "काउंटर की प्रतीक्षा में कार्ड",
    "Una tarjeta que espera a la ventanilla", "Um cartão à espera do balcão",
  ],
  "state.valid": ["Valid", "有效", "صالحة", "درست", "معتبر", "유효", "有効", "Valide", "Действует", "मान्य", "Válida", "Válido"],
  "state.suspended": [
    "Held. Scans say “suspended”. Ask the desk.", "已暂停。扫码会显示“暂停”。请联系窗口。", "موقوفة. سيظهر «موقوفة» عند المسح. راجع المكتب.",
    "روکا گیا۔ اسکین پر «معطل» آئے گا۔ دفتر سے پوچھیں۔", "متوقف. هنگام اسکن «معلق» دیده می‌شود. از دفتر بپرسید.", "정지됨. 스캔하면 ‘정지’로 나옵니다. 창구에 문의하세요.",
    "停止中。読み取ると「停止」と出ます。窓口にお尋ねください。", "Suspendue. La lecture dit « suspendue ». Adressez-vous au guichet.",
    "Приостановлена. При проверке будет «приостановлена». Обратитесь в окно.", "रोका गया। स्कैन पर “निलंबित” आएगा। काउंटर से पूछें।",
    "Suspendida. La lectura dirá «suspendida». Pregunte en la ventanilla.", "Suspenso. A leitura dirá «suspenso». Fale com o balcão.",
  ],
  "state.permit_over": [
    "Your permit has ended. Scans say “suspended”. Bring the new permit to the desk.", "居留许可已到期。扫码会显示“暂停”。请携新许可到窗口。",
    "انتهت إقامتك. سيظهر «موقوفة» عند المسح. أحضر الجديدة إلى المكتب.", "آپ کا اجازت نامہ ختم ہو گیا۔ اسکین پر «معطل» آئے گا۔ نیا دفتر لائیں۔",
    "اقامت شما پایان یافته. هنگام اسکن «معلق» دیده می‌شود. اقامت تازه را به دفتر بیاورید.", "체류 허가가 끝났습니다. 스캔하면 ‘정지’로 나옵니다. 새 허가를 창구에 가져오세요.",
    "在留許可が切れました。読み取ると「停止」と出ます。新しい許可を窓口へお持ちください。", "Votre séjour a pris fin. La lecture dit « suspendue ». Apportez le nouveau titre au guichet.",
    "Разрешение истекло. При проверке будет «приостановлена». Принесите новое в окно.", "आपका परमिट समाप्त हो गया। स्कैन पर “निलंबित” आएगा। नया काउंटर पर लाएँ।",
    "Su permiso terminó. La lectura dirá «suspendida». Lleve el nuevo a la ventanilla.", "A sua autorização terminou. A leitura dirá «suspenso». Leve a nova ao balcão.",
  ],
  "state.expired": [
    "This card has ended. Scans say “expired”. Ask the desk for a new one.", "此卡已到期。扫码会显示“过期”。请到窗口换新卡。", "انتهت هذه البطاقة. سيظهر «منتهية» عند المسح. اطلب جديدة من المكتب.",
    "یہ کارڈ ختم ہو گیا۔ اسکین پر «میعاد ختم» آئے گا۔ دفتر سے نیا لیں۔", "این کارت پایان یافته. هنگام اسکن «منقضی» دیده می‌شود. از دفتر کارت تازه بخواهید.", "카드가 만료되었습니다. 스캔하면 ‘만료’로 나옵니다. 창구에서 새로 받으세요.",
    "カードの期限が切れました。読み取ると「期限切れ」と出ます。窓口で新しいカードを。", "Cette carte a expiré. La lecture dit « expirée ». Demandez-en une autre au guichet.", "Срок карты истёк. При проверке будет «истекла». Получите новую в окне.",
    "यह कार्ड समाप्त हो गया। स्कैन पर “समाप्त” आएगा। काउंटर से नया लें।", "Esta tarjeta caducó. La lectura dirá «caducada». Pida otra en la ventanilla.", "Este cartão expirou. A leitura dirá «expirado». Peça outro no balcão.",
  ],
  "state.revoked": [
    "This card was withdrawn. Scans say “not valid”. Ask the desk.", "此卡已注销。扫码会显示“无效”。请联系窗口。", "أُلغيت هذه البطاقة. سيظهر «غير صالحة». راجع المكتب.",
    "یہ کارڈ منسوخ ہے۔ اسکین پر «غلط» آئے گا۔ دفتر سے پوچھیں۔", "این کارت باطل شده. هنگام اسکن «نامعتبر» دیده می‌شود. از دفتر بپرسید.",
    "카드가 취소되었습니다. ‘무효’로 나옵니다. 창구에 문의하세요.", "カードは取り消されました。「無効」と出ます。窓口へ。", "Cette carte est retirée. La lecture dit « non valide ». Voyez le guichet.",
    "Карта отозвана. При проверке будет «недействительна». Обратитесь в окно.", "यह कार्ड रद्द है। स्कैन पर “अमान्य” आएगा। काउंटर से पूछें।",
    "Esta tarjeta fue retirada. La lectura dirá «no válida». Pregunte en la ventanilla.",
    "Este cartão foi retirado. A leitura dirá «inválido». Fale com o balcão.",
  ],
  "state.phone_over": [
    "This phone no longer carries the card. Ask the desk for a new code.", "此手机不再存有该卡。请向窗口索取新代码。",
    "لم تعد البطاقة على هذا الهاتف. اطلب رمزًا جديدًا.", "کارڈ اب اس فون پر نہیں۔ دفتر سے نیا کوڈ لیں۔",
    "کارت دیگر روی این تلفن نیست. از دفتر کد تازه بخواهید.", "이 휴대폰에는 더 이상 카드가 없습니다. 새 코드를 받으세요.", "この端末のカードは無効です。窓口で新しいコードを。",
    "Ce téléphone ne porte plus la carte. Demandez un nouveau code.", "Карты в этом телефоне больше нет. Получите новый код.",
    "यह फ़ोन अब कार्ड नहीं रखता। नया कोड लें।", "Este teléfono ya no lleva la tarjeta. Pida otro código.",
    "Este telefone já não tem o cartão. Peça outro código.",
  ],
  "state.token_over": [
    "Two weeks without a network: connect once to go on.", "已两周未联网：请联网一次。", "أسبوعان بلا شبكة: اتصل مرة للمتابعة.",
    "دو ہفتے بغیر نیٹ ورک: ایک بار جڑیں۔", "دو هفته بدون شبکه: یک بار وصل شوید.", "2주간 연결되지 않았습니다. 한 번 연결하세요.", "2週間接続がありません。一度接続してください。",
    "Deux semaines sans réseau : connectez-vous une fois.", "Две недели без сети: подключитесь один раз.",
    "दो हफ़्ते बिना नेटवर्क: एक बार कनेक्ट करें।", "Dos semanas sin red: conéctese una vez.", "Duas semanas sem rede: ligue-se uma vez.",
  ],
  lost: [
    "Plastic card lost", "实体卡丢失", "فقدت البطاقة", "کارڈ گم ہو گیا", "کارت گم شد", "실물 카드 분실", "カードを紛失した", "Carte perdue", "Карта утеряна",
    "कार्ड खो गया", "Perdí la tarjeta", "Perdi o cartão",
  ],
  lostAsk: [
    "The plastic card stops working for good. This phone goes on. Report it?", "实体卡将永久停用，此手机继续可用。确认挂失？",
    "ستتوقف البطاقة نهائيًا ويستمر هذا الهاتف. الإبلاغ؟", "کارڈ ہمیشہ کے لیے بند ہو گا، فون چلتا رہے گا۔ اطلاع دیں؟",
    "کارت برای همیشه از کار می‌افتد؛ تلفن کار می‌کند. گزارش شود؟", "실물 카드는 영구 정지되고 휴대폰은 계속 쓸 수 있습니다. 신고할까요?", "カードは使えなくなり、この端末は使えます。届け出ますか？",
    "La carte cessera de marcher pour toujours, pas ce téléphone. La déclarer ?", "Пластик перестанет действовать навсегда, телефон — нет. Сообщить?",
    "कार्ड हमेशा के लिए बंद होगा, फ़ोन चलता रहेगा। सूचना दें?", "La tarjeta dejará de servir para siempre; el teléfono seguirá. ¿Notificarlo?",
    "O cartão deixa de funcionar para sempre; o telefone continua. Comunicar?",
  ],
  lostDone: [
    "The plastic card is reported lost. Ask the desk for a new print.", "实体卡已挂失。请到窗口补卡。", "أُبلغ عن فقدان البطاقة. اطلب نسخة جديدة.",
    "کارڈ کی گمشدگی درج ہے۔ دفتر سے نیا بنوائیں۔", "گم شدن کارت ثبت شد. از دفتر کارت تازه بخواهید.", "실물 카드 분실이 신고되었습니다. 창구에서 재발급하세요.",
    "紛失届を受け付けました。窓口で再発行を。", "La perte est déclarée. Demandez une nouvelle carte.", "Карта заявлена утерянной. Получите новую в окне.",
    "कार्ड खोना दर्ज है। काउंटर से नया लें।", "La pérdida está notificada. Pida otra tarjeta.", "A perda está comunicada. Peça outro cartão.",
  ],
  remove: [
    "Remove from this phone", "从此手机移除", "إزالة من هذا الهاتف", "اس فون سے ہٹائیں", "حذف از این تلفن", "이 휴대폰에서 삭제", "この端末から削除",
    "Retirer de ce téléphone", "Удалить с телефона", "इस फ़ोन से हटाएँ", "Quitar de este teléfono", "Remover deste telefone",
  ],
  removeAsk: [
    "The card leaves this phone, and nothing of it stays here. Remove?", "卡将从此手机删除，不留任何数据。确认？", "ستُزال البطاقة ولن يبقى منها شيء هنا. إزالة؟",
    "کارڈ فون سے ہٹ جائے گا، کچھ باقی نہیں رہے گا۔ ہٹائیں؟", "کارت از تلفن پاک می‌شود و چیزی نمی‌ماند. حذف شود؟", "카드가 삭제되고 아무것도 남지 않습니다. 삭제할까요?",
    "カードは削除され、何も残りません。削除しますか？", "La carte quitte ce téléphone, rien n’y reste. Retirer ?", "Карта будет удалена, ничего не останется. Удалить?",
    "कार्ड फ़ोन से हटेगा, कुछ नहीं बचेगा। हटाएँ?", "La tarjeta sale de este teléfono y no queda nada. ¿Quitarla?",
    "O cartão sai deste telefone e nada fica. Remover?",
  ],
} as const satisfies Table;
