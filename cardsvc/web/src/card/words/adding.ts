/** How a card comes onto this phone. */
import type { Table } from "../language.ts";

export const ADDING = {
  intro: [
    "Put your card on this phone. The desk gives you a code.", "将卡添加到此手机。请向窗口索取代码。", "ضع بطاقتك على هذا الهاتف. يعطيك المكتب رمزًا.",
    "اپنا کارڈ اس فون پر رکھیں۔ دفتر آپ کو ایک کوڈ دے گا۔", "کارت خود را روی این تلفن بگذارید. دفتر به شما کدی می‌دهد.",
    "이 휴대폰에 카드를 등록하세요. 창구에서 코드를 받으세요.", "このスマートフォンにカードを登録します。窓口でコードを受け取ってください。",
    "Mettez votre carte sur ce téléphone. Le guichet vous donne un code.", "Добавьте карту в этот телефон. Код выдадут в окне.",
    "अपना कार्ड इस फ़ोन पर रखें। काउंटर आपको कोड देगा।", "Ponga su tarjeta en este teléfono. La ventanilla le da un código.",
    "Coloque o seu cartão neste telefone. O balcão dá-lhe um código.",
  ],
  code: [
    "Code from the desk", "窗口给的代码", "الرمز من المكتب", "دفتر کا کوڈ", "کد دفتر", "창구 코드", "窓口のコード", "Code du guichet", "Код из окна", "काउंटर का कोड",
    "Código de la ventanilla", "Código do balcão",
  ],
  add: [
    "Add my card", "添加我的卡", "أضف بطاقتي", "میرا کارڈ شامل کریں", "افزودن کارت من", "내 카드 추가", "カードを追加", "Ajouter ma carte", "Добавить карту",
    "मेरा कार्ड जोड़ें", "Añadir mi tarjeta", "Adicionar o meu cartão",
  ],
  "add.another": [
    "Add another card", "添加另一张卡", "أضف بطاقة أخرى", "ایک اور کارڈ شامل کریں", "افزودن کارتی دیگر", "다른 카드 추가", "別のカードを追加", "Ajouter une autre carte",
    "Добавить ещё одну карту", "एक और कार्ड जोड़ें", "Añadir otra tarjeta", "Adicionar outro cartão",
  ],
  "add.child": [
    "A child’s card can live on the phone of a parent or guardian.", "儿童的卡可以放在父母或监护人的手机上。",
    "يمكن أن تكون بطاقة الطفل على هاتف أحد الوالدين أو الوصي.", "بچے کا کارڈ والدین یا سرپرست کے فون پر رہ سکتا ہے۔",
    "کارت کودک می‌تواند روی تلفن پدر، مادر یا سرپرست باشد.", "자녀의 카드는 부모나 보호자의 휴대폰에 둘 수 있습니다.", "お子さまのカードは、保護者の端末に入れておけます。",
    "La carte d’un enfant peut être sur le téléphone d’un parent ou du tuteur.", "Карта ребёнка может быть в телефоне родителя или опекуна.",
    "बच्चे का कार्ड माता-पिता या अभिभावक के फ़ोन पर रह सकता है।", "La tarjeta de un niño puede estar en el teléfono de su padre, madre o tutor.",
    "O cartão de uma criança pode estar no telefone do pai, da mãe ou do tutor.",
  ],
  ways: [
    "No code yet?", "还没有代码？", "ليس لديك رمز بعد؟", "ابھی کوڈ نہیں؟", "هنوز کد ندارید؟", "아직 코드가 없으세요?", "コードがない場合", "Pas encore de code ?", "Ещё нет кода?", "अभी कोड नहीं?", "¿Aún sin código?", "Ainda sem código?",
  ],
  waiting: [
    "Waiting for the desk", "等待窗口确认", "بانتظار المكتب", "دفتر کا انتظار", "در انتظار دفتر", "창구 승인 대기 중", "窓口の承認を待っています", "En attente du guichet",
    "Ожидание подтверждения", "काउंटर की प्रतीक्षा", "Esperando a la ventanilla", "À espera do balcão",
  ],
  compare: [
    "Show these digits at the desk. They must be the same on both screens.", "请向窗口出示这些数字，两边必须一致。",
    "أرِ المكتب هذه الأرقام. يجب أن تتطابق على الشاشتين.", "یہ ہندسے دفتر کو دکھائیں۔ دونوں اسکرینوں پر ایک جیسے ہونے چاہییں۔",
    "این رقم‌ها را به دفتر نشان دهید. باید در هر دو صفحه یکسان باشند.", "이 숫자를 창구에 보여 주세요. 두 화면이 같아야 합니다.", "この数字を窓口に見せてください。両方の画面で同じでなければなりません。",
    "Montrez ces chiffres au guichet. Ils doivent être les mêmes sur les deux écrans.",
    "Покажите эти знаки в окне. На обоих экранах они должны совпадать.", "ये अंक काउंटर पर दिखाएँ। दोनों स्क्रीन पर एक जैसे होने चाहिए।",
    "Muestre estos dígitos en la ventanilla. Deben ser iguales en ambas pantallas.",
    "Mostre estes dígitos no balcão. Têm de ser iguais nos dois ecrãs.",
  ],
} as const satisfies Table;
