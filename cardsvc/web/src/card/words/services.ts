/** What a card may open. */
import type { Table } from "../language.ts";

export const SERVICES = {
  "service.bus": ["Bus", "公交", "الحافلة", "بس", "اتوبوس", "버스", "バス", "Bus", "Автобус", "बस", "Autobús", "Autocarro"],
  "service.hospital": ["Clinics", "就医", "العيادات", "کلینک", "درمانگاه", "병원", "医療", "Soins", "Клиники", "क्लिनिक", "Clínicas", "Clínicas"],
  "service.library": ["Library", "图书馆", "المكتبة", "کتب خانہ", "کتابخانه", "도서관", "図書館", "Bibliothèque", "Библиотека", "पुस्तकालय", "Biblioteca", "Biblioteca"],
  "service.bicycle": ["Bicycle", "自行车", "الدراجة", "سائیکل", "دوچرخه", "자전거", "自転車", "Vélo", "Велосипед", "साइकिल", "Bicicleta", "Bicicleta"],
  "service.parking": ["Parking", "停车", "المواقف", "پارکنگ", "پارکینگ", "주차", "駐車場", "Parking", "Парковка", "पार्किंग", "Aparcamiento", "Estacionamento"],
  "service.payment": [
    "Small payments", "小额支付", "مدفوعات صغيرة", "چھوٹی ادائیگی", "پرداخت خرد", "소액 결제", "少額決済", "Petits paiements", "Мелкие платежи", "छोटे भुगतान",
    "Pagos pequeños", "Pequenos pagamentos",
  ],
  "service.hotel": ["Hotels", "住宿", "الفنادق", "ہوٹل", "هتل", "호텔", "ホテル", "Hôtels", "Гостиницы", "होटल", "Hoteles", "Hotéis"],
  "service.community": [
    "Community doors", "社区门禁", "أبواب الحي", "محلے کے دروازے", "درهای محله", "단지 출입", "住宅入口", "Portes du quartier", "Двери квартала", "सोसायटी द्वार",
    "Puertas del barrio", "Portas do bairro",
  ],
  "service.standing": ["Standing", "信誉查询", "السمعة", "ساکھ", "اعتبار", "신용", "信用", "Réputation", "Репутация", "साख", "Reputación", "Reputação"],
  "service.credit": [
    "Market credit", "市场赊购", "ائتمان السوق", "مارکیٹ ادھار", "اعتبار بازار", "시장 외상", "掛け取引", "Crédit du marché", "Кредит рынка", "बाज़ार उधार",
    "Crédito del mercado", "Crédito do mercado",
  ],
  "service.exchange": ["Foreign exchange", "个人外汇", "الصرف", "زرمبادلہ", "ارز", "환전", "外貨両替", "Change", "Обмен валюты", "विदेशी मुद्रा", "Cambio de divisas", "Câmbio"],
  "service.enterprise": [
    "Company registration", "企业登记", "تسجيل الشركات", "کمپنی رجسٹری", "ثبت شرکت", "기업 등록", "企業登記", "Entreprises", "Регистрация фирм", "कंपनी पंजीकरण",
    "Registro de empresas", "Registo de empresas",
  ],
  "service.purchase": [
    "Purchase records", "采购备案", "سجل المشتريات", "خریداری ریکارڈ", "ثبت خرید", "구매 신고", "仕入れ届", "Achats", "Учёт закупок", "खरीद रिकॉर्ड", "Compras",
    "Compras",
  ],
  "service.desk": ["Service desks", "服务窗口", "مكاتب الخدمة", "خدمت دفتر", "دفتر خدمات", "민원 창구", "窓口", "Guichets", "Окна услуг", "सेवा काउंटर", "Ventanillas", "Balcões"],
  "service.network": ["Wireless network", "无线网络", "الشبكة اللاسلكية", "وائی فائی", "بی‌سیم", "무선 인터넷", "無線LAN", "Wi-Fi", "Wi-Fi", "वाई-फ़ाई", "Wi-Fi", "Wi-Fi"],
  "service.scenic": [
    "Scenic spots", "景区", "المعالم", "سیاحتی مقامات", "گردشگاه", "관광지", "観光地", "Sites touristiques", "Достопримечательности", "दर्शनीय स्थल",
    "Lugares turísticos", "Pontos turísticos",
  ],
  "service.campus": ["Campus", "校园", "الحرم الجامعي", "کیمپس", "دانشگاه", "캠퍼스", "キャンパス", "Campus", "Кампус", "परिसर", "Campus", "Campus"],
} as const satisfies Table;
