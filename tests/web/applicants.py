"""Who applies in the tests: invented people, with passport lines whose check digits fit."""

SALIM = ("P<YEMAL<NAMUDHAJ<<SALIM<QASIM<<<<<<<<<<<<<<<", "07654321<4YEM7911303M3603147<<<<<<<<<<<<<<<8")
HANEUL = ("P<KORGYEONBON<<HANEUL<<<<<<<<<<<<<<<<<<<<<<<", "M123456788KOR9003211F3505067<<<<<<<<<<<<<<<0")

#: What a clerk adds to the lines, by the labels on the form.
SALIMS_PAPERS = {
    "Surname": "AL-NAMUDHAJ",
    "Given names": "Salim Qasim",
    "Name in its own script": "سالم قاسم النموذج",
    "Language of that name": "ara",
    "Chinese name": "萨利姆",
    "Language for letters": "ar",
    "Kind of permit": "residence",
    "Permit number": "Y1234567",
    "Permit valid until": "20310630",
    "Class of the card": "merchant",
}
HANEULS_PAPERS = {
    "Surname": "GYEONBON",
    "Given names": "Haneul",
    "Name in its own script": "견본 하늘",
    "Language of that name": "kor",
    "Kind of permit": "work",
    "Permit number": "W7654321",
    "Permit valid until": "2030-05-31",
    "Class of the card": "talent",
}
#: Sixty characters, as a passport prints them.
LONG_SURNAME = "SPECIMENOPOULOU-MUSTERMANNSDOTTIR VAN DER NAMEXAMPLE"
LONG_GIVEN = "ANNA-KATHARINA"
