/** Words of every screen. */
import type { Table } from "../language.ts";

export const COMMON = {
  title: ["My card", "我的卡", "بطاقتي", "میرا کارڈ", "کارت من", "내 카드", "マイカード", "Ma carte", "Моя карта", "मेरा कार्ड", "Mi tarjeta", "Meu cartão"],
  language: ["Language", "语言", "اللغة", "زبان", "زبان", "언어", "言語", "Langue", "Язык", "भाषा", "Idioma", "Idioma"],
  "nav.label": [
    "Parts of this page", "页面导航", "أقسام الصفحة", "صفحے کے حصے", "بخش‌های صفحه", "페이지 메뉴", "ページ内のメニュー", "Parties de la page", "Разделы страницы",
    "पेज के भाग", "Secciones de la página", "Secções da página",
  ],
  "nav.card": ["Card", "卡", "البطاقة", "کارڈ", "کارت", "카드", "カード", "Carte", "Карта", "कार्ड", "Tarjeta", "Cartão"],
  "nav.more": ["More", "更多", "المزيد", "مزید", "بیشتر", "더보기", "その他", "Plus", "Ещё", "अधिक", "Más", "Mais"],
  "nav.back": ["Back", "返回", "رجوع", "واپس", "بازگشت", "뒤로", "戻る", "Retour", "Назад", "वापस", "Volver", "Voltar"],
  "more.cards": [
    "Cards on this phone", "此手机上的卡", "البطاقات على هذا الهاتف", "اس فون پر کارڈ", "کارت‌های این تلفن", "이 휴대폰의 카드", "この端末のカード",
    "Cartes sur ce téléphone", "Карты в этом телефоне", "इस फ़ोन पर कार्ड", "Tarjetas en este teléfono", "Cartões neste telefone",
  ],
  "more.this": ["This card", "这张卡", "هذه البطاقة", "یہ کارڈ", "این کارت", "이 카드", "このカード", "Cette carte", "Эта карта", "यह कार्ड", "Esta tarjeta", "Este cartão"],
  yes: ["Yes", "确认", "نعم", "ہاں", "بله", "예", "はい", "Oui", "Да", "हाँ", "Sí", "Sim"],
  no: ["No", "取消", "لا", "نہیں", "نه", "아니요", "いいえ", "Non", "Нет", "नहीं", "No", "Não"],
  "wrong.code": [
    "This code is not good any more. Ask the desk for another.", "代码无效或已过期。请向窗口索取新代码。", "هذا الرمز لم يعد صالحًا. اطلب آخر.",
    "یہ کوڈ اب درست نہیں۔ دوسرا لیں۔", "این کد دیگر معتبر نیست. کد دیگری بخواهید.", "코드가 유효하지 않습니다. 새 코드를 받으세요.", "コードが無効です。新しいコードをもらってください。",
    "Ce code n’est plus bon. Demandez-en un autre.", "Код больше не годится. Попросите другой.", "यह कोड अब मान्य नहीं। दूसरा लें।",
    "Este código ya no sirve. Pida otro.", "Este código já não serve. Peça outro.",
  ],
  "wrong.network": [
    "No network. Try again.", "无网络。请重试。", "لا شبكة. حاول ثانية.", "نیٹ ورک نہیں۔ دوبارہ کوشش کریں۔", "شبکه نیست. دوباره تلاش کنید.",
    "네트워크가 없습니다. 다시 시도하세요.", "接続がありません。もう一度お試しください。", "Pas de réseau. Réessayez.", "Нет сети. Повторите.", "नेटवर्क नहीं। फिर कोशिश करें।",
    "Sin red. Inténtelo otra vez.", "Sem rede. Tente de novo.",
  ],
  "wrong.often": [
    "Too many tries from here. Wait a quarter of an hour, then try again, or ask the desk.", "此处尝试次数过多。请等一刻钟后再试，或咨询窗口。",
    "محاولات كثيرة من هنا. انتظر ربع ساعة ثم حاول ثانية، أو اسأل المكتب.", "یہاں سے بہت زیادہ کوششیں۔ پندرہ منٹ بعد دوبارہ کوشش کریں، یا دفتر سے پوچھیں۔",
    "تلاش‌ها از اینجا زیاد شد. یک ربع ساعت دیگر دوباره تلاش کنید، یا از دفتر بپرسید.", "시도가 너무 많습니다. 15분 뒤에 다시 시도하거나 창구에 문의하세요.",
    "回数が多すぎます。15分ほど待ってもう一度お試しいただくか、窓口へ。", "Trop d’essais d’ici. Attendez un quart d’heure et réessayez, ou demandez au guichet.",
    "Слишком много попыток отсюда. Подождите четверть часа и повторите или спросите в окне.", "यहाँ से बहुत प्रयास हुए। पंद्रह मिनट बाद फिर कोशिश करें, या काउंटर से पूछें।",
    "Demasiados intentos desde aquí. Espere un cuarto de hora e inténtelo otra vez, o pregunte en la ventanilla.",
    "Demasiadas tentativas daqui. Espere um quarto de hora e tente de novo, ou pergunte ao balcão.",
  ],
  "wrong.storage": [
    "Nothing can be stored on this phone now. Free some space or leave private mode, then try again.",
    "手机目前无法存储。请清理空间或退出无痕模式后重试。", "لا يمكن حفظ شيء على هذا الهاتف الآن. أفرغ مساحة أو اترك التصفح الخفي ثم حاول ثانية.",
    "اس فون پر ابھی کچھ محفوظ نہیں ہو سکتا۔ جگہ خالی کریں یا نجی موڈ چھوڑیں، پھر کوشش کریں۔",
    "اکنون چیزی روی این تلفن ذخیره نمی‌شود. جا باز کنید یا از حالت خصوصی بیرون بیایید و دوباره تلاش کنید.",
    "지금 이 휴대폰에 저장할 수 없습니다. 공간을 비우거나 비공개 모드를 끄고 다시 시도하세요.",
    "いま端末に保存できません。空きを作るかプライベートモードをやめて、もう一度お試しください。",
    "Rien ne peut être enregistré sur ce téléphone. Libérez de la place ou quittez le mode privé, puis réessayez.",
    "Сейчас в телефон ничего не сохраняется. Освободите место или выйдите из приватного режима и повторите.",
    "अभी इस फ़ोन पर कुछ सहेजा नहीं जा सकता। जगह खाली करें या निजी मोड छोड़ें, फिर कोशिश करें।",
    "Ahora no se puede guardar nada en este teléfono. Libere espacio o salga del modo privado e inténtelo otra vez.",
    "Agora nada se pode guardar neste telefone. Liberte espaço ou saia do modo privado e tente de novo.",
  ],
} as const satisfies Table;
